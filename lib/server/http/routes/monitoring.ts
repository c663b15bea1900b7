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
      summary: "Memory now: a sample taken for this call, stores, leaks, forecast, advice",
      responses: { 200: { description: "The report; null is what is not built", schema: memoryReportSchema } },
    },
    ({ runtime, identity, namespace }) => {
      const { optimizer, ...rest } = runtime.memory.report();
      const lastRun = optimizer?.lastRun ?? null;
      return {
        sample: runtime.monitor.sampler.peek(),
        stores: runtime.stores.length > 0 ? runtime.stores.map((store) => store.stats()) : null,
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
      summary: "Samples as taken, or per step; text/csv on request",
      query: historyQuery,
      responses: { 200: { description: "Oldest first; a gap is a gap", schema: historySchema } },
    },
    async ({ runtime, query, request }) => {
      // What was sampled up to now is in the answer, not only what has been written.
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
      summary: "What each store held, and how much of what was asked of it it answered, sample by sample",
      query: storeHistoryQuery,
      responses: { 200: { description: "Since the start, oldest first", schema: storeHistorySchema } },
    },
    ({ runtime, query }) => runtime.monitor.storeRecorder.list(query.store),
  ),
];
