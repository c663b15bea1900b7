import {
  historyQuery,
  historySchema,
  memoryReportSchema,
  storeHistoryQuery,
  storeHistorySchema,
} from "../../../contracts/memory.ts";
import { runFor } from "../../auth/audience.ts";
import { listHistory, toCsv } from "../../observe/history.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";

export const monitoringRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/monitoring/memory",
      role: "viewer",
      tag: "monitoring",
      summary: "Get current memory: a fresh sample, stores, leak verdict, forecast, recommendations",
      responses: {
        200: { description: "The memory report; parts that are not available are null", schema: memoryReportSchema },
      },
    },
    ({ runtime, identity, namespace }) => {
      const { optimizer, ...rest } = runtime.memory.report();
      const lastRun = optimizer?.lastRun ?? null;
      return {
        sample: runtime.monitor.sampler.peek(),
        stores: runtime.stores.map((store) => store.stats()),
        ...(runtime.redis === null ? {} : { redis: runtime.redis.report() }),
        leaks: runtime.leaks.report(),
        services: runtime.leaks.services(namespace),
        ...rest,
        optimizer: optimizer && { ...optimizer, lastRun: lastRun && runFor(identity, lastRun) },
      };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/monitoring/memory/history",
      role: "viewer",
      tag: "monitoring",
      summary: "Get memory samples, raw or aggregated per step; also as text/csv",
      query: historyQuery,
      responses: {
        200: {
          description: "Samples, oldest first; gaps are not filled",
          schema: historySchema,
          mediaType: ["application/json", "text/csv"],
        },
      },
    },
    async ({ runtime, query, request }) => {
      // The response includes all samples up to now, not only those already written.
      await runtime.monitor.recorder.flush();
      const history = await listHistory(runtime.monitor.sampleLog, runtime.clock, query);
      const wantsCsv = (request.headers.get("accept") ?? "").includes("text/csv");
      return wantsCsv
        ? reply(200, toCsv(history), { "Content-Type": "text/csv; charset=utf-8; header=present" })
        : history;
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/monitoring/memory/stores",
      role: "viewer",
      tag: "monitoring",
      summary: "Get the size and hit ratio of each store, sample by sample",
      query: storeHistoryQuery,
      responses: {
        200: { description: "Store figures since the server started, oldest first", schema: storeHistorySchema },
      },
    },
    ({ runtime, query }) => runtime.monitor.storeRecorder.list(query.store),
  ),
];
