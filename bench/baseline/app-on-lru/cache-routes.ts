import { cacheParams } from "../../../lib/contracts/cache.ts";
import { toProblem } from "../../../lib/server/http/answer/problem.ts";
import { defineRoute, type Route, reply } from "../../../lib/server/http/define-route.ts";
import { readBody } from "../../../lib/server/http/intake/read-body.ts";
import { toCachePut } from "../../../lib/server/http/routes/cache-put.ts";
import { AppError } from "../../../lib/shared/errors.ts";
import type { LiveResponse } from "./compose-cache.ts";
import type { LiveStore } from "./live-store.ts";

const common = {
  role: "consumer",
  tag: "response cache",
  summary: "As the app's own, on live objects",
  path: "/api/v1/cache/{key}",
  params: cacheParams,
} as const;

const put = (cache: LiveStore<LiveResponse>): Route =>
  defineRoute(
    { ...common, method: "put", rawBody: "Any", responses: { 201: { description: "Cached" } } },
    async ({ params, namespace, request, runtime }) => {
      const { mediaType, maxAgeMs } = toCachePut(request.headers);
      const bytes = await readBody(request, runtime.settings.values.maxBodyMb * 1_048_576);
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const value = mediaType === "application/json" ? JSON.parse(text.toString()) : bytes;
      const key = `${namespace}\u0000${params.key}`;
      const isNew = !cache.entries.has(key);
      const entry = { mediaType, value, storedAtMs: runtime.clock.monotonicMs() };
      cache.entries.set(key, entry, maxAgeMs === undefined ? {} : { ttl: maxAgeMs });
      return reply(isNew ? 201 : 204);
    },
  );

const get = (cache: LiveStore<LiveResponse>): Route =>
  defineRoute(
    { ...common, method: "get", responses: { 200: { description: "The body", mediaType: "*/*" } } },
    ({ params, namespace, requestId, runtime }) => {
      const entry = cache.get(`${namespace}\u0000${params.key}`);
      if (!entry) {
        const { problem } = toProblem(new AppError("not-found", "There is no cached response."), requestId);
        return reply(404, problem, { "Content-Type": "application/problem+json", "X-Cache": "MISS" });
      }
      const body = entry.value instanceof Uint8Array ? entry.value : JSON.stringify(entry.value);
      const ageSeconds = Math.floor((runtime.clock.monotonicMs() - entry.storedAtMs) / 1000);
      return reply(200, body, { "Content-Type": entry.mediaType, Age: String(ageSeconds), "X-Cache": "HIT" });
    },
  );

/** What composeCache put there in this bundle. */
export const cacheRoutes = (runtime: { cache: unknown }): readonly Route[] => {
  const cache = runtime.cache as LiveStore<LiveResponse>;
  return [get(cache), put(cache)];
};
