import type { z } from "zod";
import {
  type CacheEntryView,
  cacheBatchResultSchema,
  cacheBatchSchema,
  cacheGetQuery,
  cacheListQuery,
  cacheListSchema,
  cacheParams,
  purgeAnswerSchema,
  purgeSchema,
} from "../../../contracts/cache.ts";
import type { CachedEntry, CachedHit, CacheLookup, CacheStore, FillRequest } from "../../../ports/cache-store.ts";
import { runCacheBatch } from "../../../services/run-cache-batch.ts";
import { AppError } from "../../../shared/errors.ts";
import { acceptedEncodings, entityTags } from "../answer/accept-encoding.ts";
import { readCondition } from "../answer/entity-tag.ts";
import { decodeNumberCursor, decodeSortedCursor, encodeCursor, encodeSortedCursor } from "../answer/page-cursor.ts";
import { toProblem } from "../answer/problem.ts";
import { defineRoute, type ReplyWith, type Route, reply } from "../define-route.ts";
import { readBody } from "../intake/read-body.ts";
import { toCachePut } from "./cache-put.ts";

const TAG = "response cache";
const PATH = "/api/v1/cache/{key}";
const ABOUT_HIT = ["Age", "Vary", "Cache-Status", "X-Cache", "Cache-Tag", "Cache-Meta", "X-Fill-Lease"] as const;

const get = (cache: CacheStore): Route =>
  defineRoute(
    {
      method: "get",
      path: PATH,
      role: "consumer",
      tag: TAG,
      summary:
        "Get a cached response; when it is missing or stale, one caller gets a fill lease, unless lease=0; with X-Fill-Lease, renew one",
      params: cacheParams,
      query: cacheGetQuery,
      versioned: true,
      requestHeaders: ["Accept-Encoding", "X-Fill-Lease"],
      errors: [409],
      responses: {
        200: {
          description:
            "The cached body, in its own media type, with Cache-Tag and Cache-Meta as they were put. Stale: Cache-Status says so, and X-Fill-Lease tells one caller to compute the response anew",
          mediaType: "*/*",
          headers: [...ABOUT_HIT, "Content-Encoding", "Content-Length"],
        },
        304: { description: "Not modified: If-None-Match names the current ETag", headers: ABOUT_HIT },
        404: {
          description:
            "Cache miss: X-Fill-Lease tells this caller to compute the response, X-Fill-Pending says that another caller does",
          headers: ["Vary", "Cache-Status", "X-Cache", "X-Fill-Lease", "X-Fill-Pending", "Retry-After"],
        },
      },
    },
    async ({ params, query, namespace, request, requestId }) => {
      const { headers } = request;
      const match = readCondition(request)?.match;
      const found = await cache.lookup({
        namespace,
        key: params.key,
        accepts: acceptedEncodings(headers.get("accept-encoding")),
        etags: entityTags(headers.get("if-none-match")),
        match: match && match.length > 0 ? match : undefined,
        fill: fillOf(query, request),
      });
      return found.outcome === "hit" ? answerHit(found) : answerMiss(found, requestId);
    },
  );

function fillOf(query: z.infer<typeof cacheGetQuery>, request: Request): FillRequest | undefined {
  const { wait: waitMs = 0, leaseSeconds } = query;
  const token = request.headers.get("x-fill-lease") ?? undefined;
  // Whoever only looks gets no fill lease: nobody would compute the value while others wait for it.
  if (request.method === "HEAD" || (query.lease === false && token === undefined)) return undefined;
  return {
    waitMs,
    // The signal is created on first access, and only waiting callers need it.
    signal: waitMs === 0 ? undefined : request.signal,
    leaseMs: leaseSeconds === undefined ? undefined : leaseSeconds * 1000,
    token,
  };
}

/** Whole milliseconds first: the clock has fractions, and 15 s of them may come to a little more than 15 s. */
const secondsLeft = (leftMs: number): number => Math.ceil(Math.round(leftMs) / 1000);

/** Clients take 16 KB of headers in all: more tags than this come back in lists and batches alone. */
const LONGEST_TAG_HEADER = 8192;

function cacheStatus({ isStale, freshForMs }: CachedHit): string {
  if (!isStale) return `headroom; hit; ttl=${secondsLeft(freshForMs)}`;
  return `headroom; hit; stale; ttl=${Math.floor(freshForMs / 1000)}`;
}

function answerHit(found: CachedHit): ReplyWith {
  const { mediaType, ageMs, representation, etag, tags, meta, lease } = found;
  const headers: Record<string, string> = {
    ETag: etag,
    "X-Version": etag.slice(1, -1),
    Age: String(Math.floor(ageMs / 1000)),
    Vary: "Accept-Encoding",
    // The caller may store the response but must revalidate it, so that a purge takes effect.
    "Cache-Control": "private, no-cache",
    "Cache-Status": cacheStatus(found),
    "X-Cache": "HIT",
  };
  if (tags !== "" && tags.length <= LONGEST_TAG_HEADER) headers["Cache-Tag"] = tags;
  if (meta !== "") headers["Cache-Meta"] = meta;
  if (lease !== null) headers["X-Fill-Lease"] = lease;
  if (representation === null) return reply(304, undefined, headers);
  headers["Content-Type"] = mediaType;
  headers["Content-Length"] = String(representation.bytes.byteLength);
  if (representation.encoding !== "identity") headers["Content-Encoding"] = representation.encoding;
  return reply(200, representation.bytes, headers);
}

/** Returned, not thrown: a miss is not a refusal to log. */
function answerMiss(found: Exclude<CacheLookup, { outcome: "hit" }>, requestId: string): ReplyWith {
  const headers: Record<string, string> = {
    "Content-Type": "application/problem+json",
    "X-Cache": "MISS",
    "Cache-Status": "headroom; fwd=uri-miss",
    Vary: "Accept-Encoding",
  };
  if (found.outcome === "lease") headers["X-Fill-Lease"] = found.token;
  if (found.outcome === "pending") {
    headers["X-Fill-Pending"] = "1";
    headers["Retry-After"] = "0";
  }
  return reply(404, toProblem(nothingThere(), requestId).problem, headers);
}

const nothingThere = (): AppError => new AppError("not-found", "No response is cached under this key.");

const put = (cache: CacheStore): Route =>
  defineRoute(
    {
      method: "put",
      path: PATH,
      role: "consumer",
      tag: TAG,
      summary:
        "Cache a response; Cache-Control sets how long it is fresh and stale, Cache-Tag its tags, Cache-Meta a note; accepts preconditions",
      params: cacheParams,
      rawBody: "The response body, of any media type; Content-Encoding may be gzip or br",
      versioned: "requests",
      requestHeaders: [
        "Cache-Control",
        "Cache-Tag",
        "Cache-Meta",
        "X-Fill-Lease",
        "Content-Encoding",
        "Accept-Encoding",
      ],
      errors: [409],
      responses: {
        201: { description: "Cached" },
        204: {
          description:
            "Replaced, or not stored: because of Cache-Control (max-age=0, no-store, no-cache, private), or while the Redis that nodes share is away",
        },
      },
    },
    async ({ params, namespace, request, runtime }) => {
      const { encoding, mediaType, tags, meta, accepts, maxAgeMs, staleMs, lease } = toCachePut(request.headers);
      const condition = readCondition(request);
      const body = await readBody(request, runtime.settings.values.maxBodyMb * 1_048_576, ["identity", "gzip", "br"]);
      const outcome = await cache.put({
        namespace,
        key: params.key,
        body,
        encoding,
        mediaType,
        tags,
        meta,
        accepts,
        maxAgeMs,
        staleMs,
        lease,
        condition,
      });
      return reply(outcome === "added" ? 201 : 204);
    },
  );

const remove = (cache: CacheStore): Route =>
  defineRoute(
    {
      method: "delete",
      path: PATH,
      role: "consumer",
      tag: TAG,
      summary: "Remove a cached response; with X-Fill-Lease, return the lease so that the next caller computes",
      params: cacheParams,
      versioned: true,
      requestHeaders: ["X-Fill-Lease"],
      errors: [409],
      responses: { 204: { description: "Deleted" } },
    },
    async ({ params, namespace, request }) => {
      const lease = request.headers.get("x-fill-lease") ?? undefined;
      if (await cache.delete(namespace, params.key, lease, readCondition(request))) return reply(204);
      throw nothingThere();
    },
  );

const list = (cache: CacheStore): Route =>
  defineRoute(
    {
      method: "get",
      path: "/api/v1/cache",
      role: "consumer",
      tag: TAG,
      summary: "List cached responses without their bodies; unsorted, any page may hold fewer than `limit` items",
      query: cacheListQuery,
      responses: { 200: { description: "A page of cache entries", schema: cacheListSchema } },
    },
    async ({ query: { limit, cursor, prefix, tag, sort, order = "asc" }, namespace }) => {
      const which = { prefix, tags: tag === undefined ? undefined : [tag] };
      if (sort === undefined) {
        if (order === "desc") throw unsorted();
        const { items, next } = await cache.list(namespace, { ...which, limit, from: decodeNumberCursor(cursor) ?? 0 });
        return { items: items.map(toView), nextCursor: next === null ? null : encodeCursor(next) };
      }
      const sorted = `${sort} ${order}`;
      const after = decodeSortedCursor(cursor, sorted);
      const { items, next } = await cache.listSorted(namespace, { ...which, limit, sort, order, after });
      return { items: items.map(toView), nextCursor: next === null ? null : encodeSortedCursor(sorted, next) };
    },
  );

function toView({ ageMs, ttlLeftMs, isStale, unusedMs, ...entry }: CachedEntry): CacheEntryView {
  return {
    ...entry,
    tags: [...entry.tags],
    ageSeconds: Math.floor(ageMs / 1000),
    ttlSeconds: secondsLeft(ttlLeftMs),
    stale: isStale,
    lastUsedSeconds: Math.floor(unusedMs / 1000),
  };
}

const unsorted = (): AppError =>
  new AppError("validation-failed", "query.order needs a sort.", {
    errors: [{ path: "query.order", message: "needs a sort" }],
  });

const purge = (cache: CacheStore): Route =>
  defineRoute(
    {
      method: "post",
      path: "/api/v1/cache/purge",
      role: "consumer",
      tag: TAG,
      summary: "Remove cached responses by tags, by prefix, by both, or all; soft marks them as stale, dryRun counts",
      growsMemory: false,
      body: purgeSchema,
      responses: {
        200: { description: "How many were removed or marked, or of a dry run the count", schema: purgeAnswerSchema },
      },
    },
    async ({ body: { tag, tags = tag === undefined ? undefined : [tag], prefix, soft, dryRun }, namespace }) => {
      const which = { tags, prefix };
      if (dryRun) return cache.measure(namespace, which);
      if (soft) return { removed: 0, markedStale: await cache.markStale(namespace, which) };
      return { removed: await cache.purge(namespace, which), markedStale: 0 };
    },
  );

const batchAnswer = { description: "One result per item", schema: cacheBatchResultSchema };

const batch = (cache: CacheStore): Route =>
  defineRoute(
    {
      method: "post",
      path: "/api/v1/cache/batch",
      role: "consumer",
      tag: TAG,
      summary: "Get, delete and set up to 100 responses in one call, in this order; a miss grants no fill lease",
      body: cacheBatchSchema,
      responses: { 200: batchAnswer, 207: { ...batchAnswer, description: "One result per item; some items failed" } },
    },
    async ({ body, namespace, requestId, runtime }) => {
      const mostAnswerBytes = runtime.settings.values.maxBodyMb * 1_048_576;
      const results = await runCacheBatch(cache, { ...body, namespace, requestId, mostAnswerBytes });
      // A miss is a normal result: a batch is expected to contain some.
      const failed = results.some(({ op, status }) => status >= 400 && !(op !== "set" && status === 404));
      if (results.some(({ problem }) => problem?.code === "memory-pressure")) runtime.traffic.memoryRefusals += 1;
      return reply(failed ? 207 : 200, { results });
    },
  );

/** Fixed paths before `{key}`: `batch` and `purge` are verbs and accept POST only. */
export function cacheRoutes({ cache }: { cache: CacheStore }): readonly Route[] {
  return [list, purge, batch, get, put, remove].map((route) => route(cache));
}
