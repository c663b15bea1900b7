import type { Condition } from "../shared/condition.ts";

/** How a body is stored and sent. */
export type Encoding = "identity" | "gzip" | "br";

export interface Representation {
  bytes: Uint8Array;
  encoding: Encoding;
  /** Strong and quoted; differs per encoding. */
  etag: string;
}

export interface CachedHit {
  outcome: "hit";
  mediaType: string;
  ageMs: number;
  ttlLeftMs: number;
  /** The stored representation that suits the caller best; null if the caller already has it, under `etag`. */
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
  /** Encodings that the caller accepts in addition to identity. */
  accepts: readonly Encoding[];
  /** Tags of representations that the caller already has; `*` for any. */
  etags?: readonly string[];
  /** Precondition for the read, as opaque tags. */
  match?: Condition["match"] | undefined;
  /** On a miss, get a fill lease, or wait up to `waitMs` for the caller that has one. */
  fill?: { waitMs: number; signal?: AbortSignal } | undefined;
}

export interface CachePut {
  namespace: string;
  key: string;
  /** The body as sent; stored without a copy if it owns its whole buffer. */
  body: Uint8Array;
  encoding: Encoding;
  mediaType: string;
  tags: readonly string[];
  /** Undefined: the store's default time to live. 0: nothing is stored, and an existing entry is removed. */
  maxAgeMs?: number | undefined;
  lease?: string | undefined;
  /** Precondition for the write. */
  condition?: Condition | null;
  /** Encodings that the caller accepts: a hint for how to store the body. */
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

/** Responses by key, isolated by namespace. Asynchronous, since a driver may use another machine. */
export interface CacheStore {
  /** @throws {AppError} `version-mismatch` for an entry that does not meet the condition. */
  lookup(query: CacheQuery): Promise<CacheLookup>;
  /**
   * @throws {AppError} `version-mismatch`, `item-too-large`, `memory-pressure`, `lease-expired`; all change nothing.
   */
  put(put: CachePut): Promise<"added" | "replaced">;
  /**
   * Removes an entry and ends a fill of its key. With a lease, only ends that lease, if it is the current one.
   * @throws {AppError} `version-mismatch` for an entry that does not meet the condition.
   */
  delete(namespace: string, key: string, lease?: string, condition?: Condition | null): Promise<boolean>;
  /** An entry with its decoded body. Does not count as access. Null if there is none. */
  peek(namespace: string, key: string): Promise<PeekedEntry | null>;
  purge(namespace: string, what: { tag?: string; prefix?: string }): Promise<number>;
  list(
    namespace: string,
    filter: { prefix?: string; tag?: string; limit: number; from: number },
  ): Promise<{ items: CachedEntry[]; next: number | null }>;
}
