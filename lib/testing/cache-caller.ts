import type { CachedHit, CacheLookup, CachePut, CacheQuery, CacheStore, PutOutcome } from "../ports/cache-store.ts";

/** A driver of CacheStore under test, in a time of its own. */
export interface CacheUnderTest {
  cache: CacheStore;
  /** Lets time pass, for the store and for what it stands on. */
  advance(byMs: number): void;
  close(): Promise<void>;
}

/** Puts and gets in one namespace, with what most calls have in common. */
export interface CacheCaller {
  put(key: string, body: string | Uint8Array, more?: Partial<CachePut>): Promise<PutOutcome>;
  get(key: string, more?: Partial<CacheQuery>): Promise<CacheLookup>;
  hit(key: string, more?: Partial<CacheQuery>): Promise<CachedHit>;
  /** The body in its identity form. */
  body(key: string): Promise<string>;
}

export function cacheCaller(cache: CacheStore, namespace = "n"): CacheCaller {
  const get: CacheCaller["get"] = (key, more = {}) => cache.lookup({ namespace, key, accepts: [], ...more });
  const hit: CacheCaller["hit"] = async (key, more) => asHit(await get(key, more));
  return {
    get,
    hit,
    body: async (key) => bodyOf(await hit(key)),
    put: (key, body, more = {}) =>
      cache.put({
        namespace,
        key,
        body: typeof body === "string" ? Buffer.from(body) : body,
        encoding: "identity",
        mediaType: "text/plain",
        tags: [],
        ...more,
      }),
  };
}

export function asHit(found: CacheLookup): CachedHit {
  if (found.outcome !== "hit") throw new Error(`a hit was expected, not ${found.outcome}`);
  return found;
}

export const bodyOf = ({ representation }: CachedHit): string => Buffer.from(representation?.bytes ?? []).toString();

/** @returns the lease that a look-up gave. */
export function tokenOf(found: CacheLookup): string {
  const token = found.outcome === "hit" ? found.lease : found.outcome === "lease" ? found.token : null;
  if (token === null) throw new Error(`a lease was expected, not ${found.outcome}`);
  return token;
}
