import {
  sessionBatchResultSchema,
  sessionBatchSchema,
  sessionsEndedSchema,
  sessionsEndQuery,
  sessionTallyQuery,
  sessionTallySchema,
} from "../../../contracts/sessions.ts";
import { MIB } from "../../../shared/bytes.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { runSessionBatch } from "./session-batch.ts";

const BASE = "/api/v1/sessions";
const common = { role: "consumer", tag: "sessions" } as const;
const JSON_TYPE = "application/json; charset=utf-8";

/** Routes for many sessions at once. */
export const manySessionsRoutes: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "get",
      path: `${BASE}/count`,
      summary: "Count live sessions: all, or those with a tag or a prefix of their ids",
      query: sessionTallyQuery,
      responses: { 200: { description: "Their number, and the bytes of their data", schema: sessionTallySchema } },
    },
    ({ runtime, namespace, query }) => runtime.sessions.listing.tally(namespace, query),
  ),
  defineRoute(
    {
      ...common,
      method: "delete",
      path: BASE,
      summary:
        "Delete the sessions with a tag or a prefix of their ids, or every one with all=true; dryRun=1 only counts",
      query: sessionsEndQuery,
      queryExample: { prefix: "user-1:" },
      responses: {
        200: {
          description: "How many were deleted, or would be",
          schema: sessionsEndedSchema,
          example: { removed: 2 },
        },
      },
    },
    async ({ runtime, namespace, query }) => {
      const { sessions } = runtime;
      if (query.dryRun) return sessions.listing.tally(namespace, query);
      return { removed: await sessions.deleteAll(namespace, query) };
    },
  ),
  defineRoute(
    {
      ...common,
      method: "post",
      path: `${BASE}/batch`,
      summary:
        "Get and then delete up to 100 sessions in one call; a get counts as access unless peek is set, and a missing session is a 404 in its result",
      // Ending sessions must work when memory is short.
      growsMemory: false,
      body: sessionBatchSchema,
      responses: {
        200: { description: "One result per item; some may be misses", schema: sessionBatchResultSchema },
        207: { description: "One result per item; some failed otherwise", schema: sessionBatchResultSchema },
      },
    },
    async ({ runtime, namespace, body, requestId }) => {
      const mostBytes = runtime.settings.values.maxBodyMb * MIB;
      const { isPartial, answer } = await runSessionBatch(runtime.sessions, { body, namespace, requestId, mostBytes });
      return reply(isPartial ? 207 : 200, answer, { "Content-Type": JSON_TYPE });
    },
  ),
];
