import { ConflictError, isMisuse } from "./errors.ts";
import { List } from "./pages.ts";
import {
  type CallOptions,
  conditionHeaders,
  delay,
  discard,
  type Precondition,
  segment,
  type Transport,
} from "./transport.ts";
import type { CacheBatch, CacheBatchResult, CacheEntry, Purge, Purged } from "./types.ts";

const BASE = "/api/v1/cache";
/** A lease lasts 10 s unless it is renewed. */
const RENEW_MS = 3_000;
/** The longest that one request waits for another caller's fill. */
const WAIT_MS = 30_000;

export interface CachedResponse {
  body: Uint8Array;
  mediaType: string;
  etag: string;
  ageSeconds: number;
  tags: string[];
  /** What the writer put beside the body; null when nothing. */
  meta: string | null;
  /** True for an entry past its time that is served while it is computed again. */
  stale: boolean;
  text(): string;
  json<T = unknown>(): T;
}

export interface CacheWrite {
  /** Seconds to live; the server's setting if omitted. */
  maxAgeSeconds?: number | undefined;
  /** Seconds after that in which the old body is still served while one caller computes a new one. */
  staleWhileRevalidateSeconds?: number | undefined;
  tags?: readonly string[] | undefined;
  mediaType?: string | undefined;
  /** A short text kept beside the body, at most 2 KB. */
  meta?: string | undefined;
}

/** What can be stored: bytes and text as they are, everything else as JSON. */
export type CacheBody = Uint8Array | string | object | number | boolean | null;

export interface ListCache extends CallOptions {
  prefix?: string | undefined;
  tag?: string | undefined;
  sort?: "bytes" | "age" | "hits" | "lastUsed" | undefined;
  order?: "asc" | "desc" | undefined;
  limit?: number | undefined;
}

type Found = { response: CachedResponse | null; lease: string | null; pending: boolean };

/** The response cache: bodies under a key, for a time, bounded in entries and bytes. */
export class Cache {
  readonly #transport: Transport;
  /** Fills of this process that are under way: as many as there are callers, so nothing bounds them but these. */
  readonly #filling = new Map<string, { fill: Promise<CachedResponse>; signal: AbortSignal | undefined }>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The body under `key`; null on a miss. */
  async get(key: string, options: CallOptions = {}): Promise<CachedResponse | null> {
    // Whoever only reads does not mean to compute, so takes no lease.
    return (await this.#lookup(`${BASE}/${segment(key)}?lease=0`, options)).response;
  }

  /** Stores a body. False when it was not kept: its time to live is 0, or `ifAbsent` is set and there is one. */
  async set(key: string, body: CacheBody, write: CacheWrite & Precondition = {}): Promise<boolean> {
    return await this.#store(key, body, write, undefined);
  }

  /**
   * The cached body, or what `compute` returns, stored under `key`. Of all callers of one key, in all processes, one
   * computes; the others wait for it. When the server is away `compute` runs, so that a cache that fails is only slow.
   */
  async getOrCompute(
    key: string,
    compute: (signal: AbortSignal | undefined) => Promise<CacheBody> | CacheBody,
    options: CacheWrite & CallOptions = {},
  ): Promise<CachedResponse> {
    for (;;) {
      const running = this.#filling.get(key);
      if (!running) break;
      try {
        return await running.fill;
      } catch (error) {
        // Another caller's wish to stop is not this one's: it computes for itself.
        if (!running.signal?.aborted) throw error;
        options.signal?.throwIfAborted();
      }
    }
    const fill = this.#fill(key, compute, options).finally(() => this.#filling.delete(key));
    this.#filling.set(key, { fill, signal: options.signal });
    return await fill;
  }

  delete(key: string, options: Precondition = {}): Promise<boolean> {
    return this.#transport.remove(`${BASE}/${segment(key)}`, { headers: conditionHeaders(options) }, options);
  }

  /** Removes by tags, by prefix, or all; with `soft` marks them stale instead. */
  purge(purge: Purge, options: CallOptions = {}): Promise<Purged> {
    return this.#transport.json("POST", `${BASE}/purge`, { json: purge, repeatable: true }, options);
  }

  /** Up to 100 gets and sets in one request. Bodies are base64. */
  batch(batch: CacheBatch, options: CallOptions = {}): Promise<CacheBatchResult> {
    return this.#transport.json("POST", `${BASE}/batch`, { json: batch, repeatable: true }, options);
  }

  /** Entries without their bodies. */
  list({ prefix, tag, sort, order, limit, ...options }: ListCache = {}): List<CacheEntry> {
    return new List(this.#transport, BASE, { prefix, tag, sort, order, limit }, options);
  }

  async #fill(
    key: string,
    compute: (signal: AbortSignal | undefined) => Promise<CacheBody> | CacheBody,
    options: CacheWrite & CallOptions,
  ): Promise<CachedResponse> {
    // The server may hold the answer back for as long as it is asked to wait.
    const limits = { ...options, timeoutMs: WAIT_MS + (options.timeoutMs ?? 30_000) };
    for (;;) {
      const found = await this.#lookup(`${BASE}/${segment(key)}?wait=${WAIT_MS}`, limits).catch((error) => {
        options.signal?.throwIfAborted();
        // A wrong key would stay unseen if it only made the cache slow.
        if (isMisuse(error)) throw error;
        return null;
      });
      if (found?.response && !found.lease) return found.response;
      if (found?.pending) {
        // Whoever computes takes longer than one request may wait: ask again, a little later.
        await delay(100, options.signal);
        continue;
      }
      const body = await this.#compute(key, compute, found?.lease ?? null, options);
      return responseOf(toBytes(body), { ...options, mediaType: options.mediaType ?? mediaTypeOf(body) });
    }
  }

  async #compute(
    key: string,
    compute: (signal: AbortSignal | undefined) => Promise<CacheBody> | CacheBody,
    lease: string | null,
    options: CacheWrite & CallOptions,
  ): Promise<CacheBody> {
    let body: CacheBody;
    const renewing = lease ? setInterval(() => void this.#renew(key, lease), RENEW_MS) : undefined;
    try {
      options.signal?.throwIfAborted();
      body = await compute(options.signal);
    } catch (error) {
      if (lease) await this.#giveBack(key, lease);
      throw error;
    } finally {
      clearInterval(renewing);
    }
    // A body that could not be stored is right all the same; the next caller computes it again.
    await this.#store(key, body, options, lease ?? undefined).catch(() => false);
    return body;
  }

  /** Best effort: without it the next caller computes as well, and the later body is not stored. */
  async #renew(key: string, lease: string): Promise<void> {
    const call = { headers: { "x-fill-lease": lease }, accepts: [404, 409] };
    await this.#transport
      .request("GET", `${BASE}/${segment(key)}`, call, { retries: 0 }, discard)
      .catch(() => undefined);
  }

  async #giveBack(key: string, lease: string): Promise<void> {
    await this.#transport.remove(`${BASE}/${segment(key)}`, { headers: { "x-fill-lease": lease } }).catch(() => false);
  }

  async #lookup(path: string, options: CallOptions): Promise<Found> {
    return await this.#transport.request("GET", path, { accepts: [404] }, options, async (answer) => {
      const lease = answer.headers.get("x-fill-lease");
      if (answer.status === 404) {
        await discard(answer);
        return { response: null, lease, pending: answer.headers.has("x-fill-pending") };
      }
      return { response: await readResponse(answer), lease, pending: false };
    });
  }

  async #store(
    key: string,
    body: CacheBody,
    write: CacheWrite & Precondition,
    lease: string | undefined,
  ): Promise<boolean> {
    const bytes = toBytes(body);
    const headers: Record<string, string> = {
      "content-type": write.mediaType ?? mediaTypeOf(body),
      ...conditionHeaders(write),
    };
    const control = cacheControl(write);
    if (control) headers["cache-control"] = control;
    if (write.tags && write.tags.length > 0) headers["cache-tag"] = write.tags.join(", ");
    if (write.meta !== undefined) headers["cache-meta"] = write.meta;
    if (lease) headers["x-fill-lease"] = lease;
    const call = { body: bytes as BodyInit, headers, accepts: write.ifAbsent ? [412] : [] };
    try {
      return await this.#transport.request("PUT", `${BASE}/${segment(key)}`, call, write, async (answer) => {
        await discard(answer);
        return answer.status !== 412 && write.maxAgeSeconds !== 0;
      });
    } catch (error) {
      // The lease ran out while this was computed: somebody else's body is newer.
      if (lease && error instanceof ConflictError && error.code === "lease-expired") return false;
      throw error;
    }
  }
}

function cacheControl({ maxAgeSeconds, staleWhileRevalidateSeconds }: CacheWrite): string | undefined {
  const parts = [];
  if (maxAgeSeconds !== undefined) parts.push(`max-age=${Math.floor(maxAgeSeconds)}`);
  if (staleWhileRevalidateSeconds !== undefined)
    parts.push(`stale-while-revalidate=${Math.floor(staleWhileRevalidateSeconds)}`);
  return parts.length > 0 ? parts.join(", ") : undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function toBytes(body: CacheBody): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return encoder.encode(typeof body === "string" ? body : JSON.stringify(body));
}

function mediaTypeOf(body: CacheBody): string {
  if (body instanceof Uint8Array) return "application/octet-stream";
  return typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
}

async function readResponse(answer: Response): Promise<CachedResponse> {
  const { headers } = answer;
  return {
    ...responseOf(new Uint8Array(await answer.arrayBuffer()), {}),
    mediaType: headers.get("content-type") ?? "application/octet-stream",
    etag: headers.get("etag") ?? "",
    ageSeconds: Number(headers.get("age") ?? 0),
    tags: (headers.get("cache-tag") ?? "")
      .split(",")
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ""),
    meta: headers.get("cache-meta"),
    stale: /;\s*stale\b/.test(headers.get("cache-status") ?? ""),
  };
}

function responseOf(body: Uint8Array, write: CacheWrite): CachedResponse {
  return {
    body,
    mediaType: write.mediaType ?? "application/octet-stream",
    etag: "",
    ageSeconds: 0,
    tags: [...(write.tags ?? [])],
    meta: write.meta ?? null,
    stale: false,
    text: () => decoder.decode(body),
    json: <T>() => JSON.parse(decoder.decode(body)) as T,
  };
}
