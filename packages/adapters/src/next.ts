import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Headroom } from "@headroom/client";
import type { CacheEntry, CacheHandler as UseCacheHandler } from "next/dist/server/lib/cache-handlers/types";
import type { CacheHandler, CacheHandlerContext, CacheHandlerValue } from "next/dist/server/lib/incremental-cache";
import { expiredSince, staleSince, TagTimes } from "./next-tags.ts";
import { outsideRender } from "./outside-render.ts";

export interface NextCacheOptions {
  client: Headroom;
  /** Keeps several apps apart in one namespace of Headroom; `next` by default. */
  prefix?: string | undefined;
  /** Called when the cache could not be read or written, which only makes pages slower. */
  onError?: ((error: unknown) => void) | undefined;
}

const TAGS_HEADER = "x-next-cache-tags";
/** What the server takes as a key is longer; no one reads these. */
const LONGEST_READABLE_KEY = 400;
const LONGEST_AGE_SECONDS = 315_360_000;

/** Bodies in the response cache, as they are or not at all: what fails is a miss. */
class Bodies {
  readonly #options: NextCacheOptions;

  constructor(options: NextCacheOptions) {
    this.#options = options;
  }

  async read<Value>(key: string, reader: (value: Value) => Promise<Value | null>): Promise<Value | null> {
    try {
      const found = await outsideRender(() => this.#options.client.cache.get(key));
      return found ? await reader(deserialize(found.body) as Value) : null;
    } catch (error) {
      this.#options.onError?.(error);
      return null;
    }
  }

  async write(key: string, value: unknown, seconds: number): Promise<void> {
    try {
      // Pages hold Maps and Buffers, which JSON would lose.
      const maxAgeSeconds = Math.min(seconds, LONGEST_AGE_SECONDS);
      const body = serialize(value);
      await outsideRender(() => this.#options.client.cache.set(key, body, { maxAgeSeconds }));
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

type StoredEntry = Omit<CacheEntry, "value"> & { body: Uint8Array };

/**
 * A handler for `cacheHandlers`, which keeps what `"use cache"` and `"use cache: remote"` compute. All instances of the
 * app share it; `updateTag` and `revalidateTag` of one hold in all.
 */
export function createUseCacheHandler(options: NextCacheOptions): UseCacheHandler {
  const { client, prefix = "next" } = options;
  const bodies = new Bodies(options);
  const tags = new TagTimes(client, prefix);
  /** Sets that are under way: a get of the same key waits for them. */
  const pending = new Map<string, Promise<void>>();
  const keyOf = (cacheKey: string) => `${prefix}/use/${shortened(cacheKey)}`;

  async function store(cacheKey: string, pendingEntry: Promise<CacheEntry>): Promise<void> {
    const { value, ...entry } = await pendingEntry;
    // A render that fails breaks the stream off: then nothing is stored.
    const body = Buffer.from(await new Response(value).arrayBuffer());
    if (entry.expire > 0) await bodies.write(keyOf(cacheKey), { ...entry, body }, entry.expire);
  }

  return {
    async get(cacheKey, softTags) {
      await pending.get(cacheKey)?.catch(() => undefined);
      const found = await bodies.read<StoredEntry>(keyOf(cacheKey), async (stored) => {
        const times = await tags.read([...stored.tags, ...softTags]);
        if (expiredSince(times, stored.timestamp)) return null;
        return staleSince(times, stored.timestamp) ? { ...stored, revalidate: -1 } : stored;
      });
      if (!found) return undefined;
      const { body, ...entry } = found;
      return { ...entry, value: streamOf(body) };
    },
    async set(cacheKey, pendingEntry) {
      const storing = store(cacheKey, pendingEntry).finally(() => {
        if (pending.get(cacheKey) === storing) pending.delete(cacheKey);
      });
      pending.set(cacheKey, storing);
      await storing;
    },
    // Each get asks for the times of its own tags: there is no copy of them that could be old.
    refreshTags: async () => undefined,
    // Infinity: soft tags are given to get, which looks at them together with the entry's own.
    getExpiration: async () => Number.POSITIVE_INFINITY,
    updateTags: (names, durations) => tags.update(names, durations),
  };
}

interface StoredPage extends CacheHandlerValue {
  tags: string[];
}
type Kept = Parameters<CacheHandler["set"]>[1];

/**
 * A class for `cacheHandler`, which keeps pages, route handlers and fetches (ISR). All instances of one build share it;
 * `revalidatePath` and `revalidateTag` of one hold in all.
 */
export function createCacheHandler(options: NextCacheOptions): typeof CacheHandler {
  const { client, prefix = "next" } = options;
  const bodies = new Bodies(options);
  const tagTimes = new TagTimes(client, prefix);

  return class HeadroomCacheHandler {
    readonly #start: string;

    constructor({ serverDistDir }: CacheHandlerContext) {
      // A page of another build names scripts that are gone.
      this.#start = `${prefix}/isr/${buildId(serverDistDir)}/`;
    }

    async get(cacheKey: string, context: Parameters<CacheHandler["get"]>[1]): Promise<CacheHandlerValue | null> {
      return await bodies.read<StoredPage>(this.#start + shortened(cacheKey), async (stored) => {
        const asked = "softTags" in context ? [...(context.tags ?? []), ...(context.softTags ?? [])] : [];
        const times = await tagTimes.read([...stored.tags, ...asked]);
        if (expiredSince(times, stored.lastModified)) return null;
        return staleSince(times, stored.lastModified) ? agedOnce(stored) : stored;
      });
    }

    async set(cacheKey: string, value: Kept, context: Parameters<CacheHandler["set"]>[2]): Promise<void> {
      const cacheControl = "cacheControl" in context ? context.cacheControl : undefined;
      const tags = [...tagsOf(value), ...("tags" in context ? (context.tags ?? []) : [])];
      const stored = { value, lastModified: Date.now(), tags, ...(cacheControl ? { cacheControl } : {}) };
      await bodies.write(this.#start + shortened(cacheKey), stored, cacheControl?.expire ?? LONGEST_AGE_SECONDS);
    }

    async revalidateTag(tags: string | string[], durations?: { expire?: number }): Promise<void> {
      await tagTimes.update([tags].flat(), durations);
    }

    resetRequestCache(): void {
      // Nothing is remembered for a request.
    }
  };
}

/** So that Next serves it once more, and renders it anew behind that. */
function agedOnce(stored: StoredPage): StoredPage {
  const { value, cacheControl } = stored;
  const revalidate = value && "revalidate" in value && typeof value.revalidate === "number" ? value.revalidate : 1;
  const lastModified = Math.min(stored.lastModified, Date.now() - revalidate * 1000 - 1);
  return { ...stored, lastModified, cacheControl: { expire: cacheControl?.expire, revalidate: 1 } };
}

function tagsOf(value: Kept): string[] {
  const headers = value && "headers" in value ? value.headers : undefined;
  const named = headers?.[TAGS_HEADER as keyof typeof headers] as unknown;
  return typeof named === "string" ? named.split(",") : [];
}

function buildId(serverDistDir: string | undefined): string {
  try {
    return readFileSync(path.join(serverDistDir ?? "", "..", "BUILD_ID"), "utf8").trim();
  } catch {
    return "development";
  }
}

const shortened = (key: string): string =>
  key.length <= LONGEST_READABLE_KEY && /^[!-~]+$/.test(key)
    ? key
    : createHash("sha256").update(key).digest("base64url");

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
