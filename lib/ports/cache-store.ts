import type { Condition } from "../shared/condition.ts";

/** How a body is held and sent. */
export type Encoding = "identity" | "gzip" | "br";

export interface Representation {
  bytes: Uint8Array;
  encoding: Encoding;
  /** Strong and quoted; another for each encoding. */
  etag: string;
}

export interface CachedHit {
  outcome: "hit";
  mediaType: string;
  ageMs: number;
  ttlLeftMs: number;
  /** What suits the caller best of what is held; null when it has it already, under `etag`. */
  representation: Representation | null;
  etag: string;
}

/** `lease`: the caller should compute the value and put it with this token. `pending`: another caller does. */
export type CacheLookup =
  | CachedHit
  | { outcome: "lease"; token: string }
  | { outcome: "pending" }
  | { outcome: "miss" };

export interface CacheQuery {
  namespace: string;
  key: string;
  /** Encodings that the caller takes beside identity. */
  accepts: readonly Encoding[];
  /** Tags of representations that the caller holds; `*` for any. */
  etags?: readonly string[];
  /** What must be there for it to be given, as opaque tags. */
  match?: Condition["match"] | undefined;
  /** Take part in filling: get a lease, or wait up to `waitMs` for whoever has one. */
  fill?: { waitMs: number; signal?: AbortSignal } | undefined;
}

export interface CachePut {
  namespace: string;
  key: string;
  /** As it was sent; held without copying if it owns its whole buffer. */
  body: Uint8Array;
  encoding: Encoding;
  mediaType: string;
  tags: readonly string[];
  /** Undefined: the store's own time to live. 0: nothing is stored, and what was there goes. */
  maxAgeMs?: number | undefined;
  lease?: string | undefined;
  /** What must be there, and what must not, for it to be put. */
  condition?: Condition | null;
  /** Encodings that the caller takes: a hint for how to hold the body. */
  accepts?: readonly Encoding[] | undefined;
}

export interface CachedEntry {
  key: string;
  mediaType: string;
  bytes: number;
  storedBytes: number;
  encoding: Encoding;
  etag: string;
  ageMs: number;
  ttlLeftMs: number;
  hits: number;
  tags: readonly string[];
}

export interface PeekedEntry {
  mediaType: string;
  tags: readonly string[];
  ttlLeftMs: number;
  body: Uint8Array;
}

/** Responses by key, apart by namespace. Asynchronous, since it may live on another machine one day. */
export interface CacheStore {
  /** @throws {AppError} `version-mismatch` for an entry that is not what the condition asks for. */
  lookup(query: CacheQuery): Promise<CacheLookup>;
  /** @throws {AppError} `version-mismatch`, `item-too-large`, `memory-pressure`, `lease-expired`; all change nothing. */
  put(put: CachePut): Promise<"added" | "replaced">;
  /**
   * Removes an entry and ends a fill of its key; a lease that is named only ends, if it is the present one.
   * @throws {AppError} `version-mismatch` for an entry that is not what the condition asks for.
   */
  delete(namespace: string, key: string, lease?: string, condition?: Condition | null): Promise<boolean>;
  /** An entry with its body as it was before any encoding; this is no use of it. Null where there is none. */
  peek(namespace: string, key: string): Promise<PeekedEntry | null>;
  purge(namespace: string, what: { tag?: string; prefix?: string }): Promise<number>;
  list(
    namespace: string,
    filter: { prefix?: string; tag?: string; limit: number; from: number },
  ): Promise<{ items: CachedEntry[]; next: number | null }>;
}
