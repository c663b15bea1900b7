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
  /** Below 0: stale for so long. */
  freshForMs: number;
  isStale: boolean;
  /** A stale response for which this caller got the fill lease. */
  lease: string | null;
  /** Without duplicates, separated by commas. */
  tags: string;
  /** Empty for none. */
  meta: string;
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
  /** On a miss or a stale response, get a fill lease. */
  fill?: FillRequest | undefined;
}

export interface FillRequest {
  /** On a miss that another caller fills, wait so long for it. */
  waitMs: number;
  signal?: AbortSignal | undefined;
  leaseMs?: number | undefined;
  /** The caller's own lease, to be renewed. */
  token?: string | undefined;
}

export interface CachePut {
  namespace: string;
  key: string;
  /** The body as sent; stored without a copy if it owns its whole buffer. */
  body: Uint8Array;
  encoding: Encoding;
  mediaType: string;
  tags: readonly string[];
  /** The caller's note, given back with the body; empty for none. */
  meta?: string | undefined;
  /** Undefined: the store's default time to live. 0: stale at once. */
  maxAgeMs?: number | undefined;
  /** How long it is kept when it is stale. With a `maxAgeMs` of 0 too, nothing is stored, and an existing entry goes. */
  staleMs?: number | undefined;
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
  isStale: boolean;
  unusedMs: number;
  hits: number;
  tags: readonly string[];
  meta: string | null;
}

export interface PeekedEntry {
  mediaType: string;
  tags: readonly string[];
  meta: string;
  ttlLeftMs: number;
  /** After its time to live. */
  staleLeftMs: number;
  body: Uint8Array;
}

/** What a purge or a list is about: entries with any of the tags, whose key begins with the prefix. */
export interface CacheSelection {
  tags?: readonly string[] | undefined;
  prefix?: string | undefined;
}

export type PutOutcome = "added" | "replaced" | "not-kept";

/** Where a sorted list goes on: behind an entry with this figure and key. */
export type SortedPosition = readonly [figure: number, key: string];

export interface SortedPage extends CacheSelection {
  sort: "bytes" | "age" | "hits" | "lastUsed";
  order: "asc" | "desc";
  limit: number;
  after: SortedPosition | null;
}

export interface Listed<Position> {
  items: CachedEntry[];
  /** Null at the end. */
  next: Position | null;
}

/** Responses by key, isolated by namespace. Asynchronous, since a driver may use another machine. */
export interface CacheStore {
  /**
   * @throws {AppError} `version-mismatch` for an entry that does not meet the condition, `lease-expired` for a lease to
   * be renewed that is not the current one.
   */
  lookup(query: CacheQuery): Promise<CacheLookup>;
  /**
   * @throws {AppError} `version-mismatch`, `item-too-large`, `memory-pressure`, `lease-expired`; all change nothing.
   */
  put(put: CachePut): Promise<PutOutcome>;
  /**
   * Removes an entry and ends a fill of its key. With a lease, only ends that lease, if it is the current one.
   * @throws {AppError} `version-mismatch` for an entry that does not meet the condition.
   */
  delete(namespace: string, key: string, lease?: string, condition?: Condition | null): Promise<boolean>;
  /** An entry with its decoded body. Does not count as access. Null if there is none. */
  peek(namespace: string, key: string): Promise<PeekedEntry | null>;
  purge(namespace: string, what: CacheSelection): Promise<number>;
  /** Makes entries stale that are not; each stays until it would have ended anyway. Returns how many were selected. */
  markStale(namespace: string, what: CacheSelection): Promise<number>;
  /** What a purge would remove. */
  measure(namespace: string, what: CacheSelection): Promise<{ count: number; bytes: number }>;
  list(namespace: string, filter: CacheSelection & { limit: number; from: number }): Promise<Listed<number>>;
  /** By a figure; looks at every entry. Figures that change meanwhile may show an entry twice, or not at all. */
  listSorted(namespace: string, page: SortedPage): Promise<Listed<SortedPosition>>;
}
