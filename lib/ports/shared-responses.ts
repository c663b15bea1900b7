import type { Condition } from "../shared/condition.ts";
import type { CachedEntry, CacheSelection, Encoding, Listed, SortedPage } from "./cache-store.ts";
import type { Amount } from "./namespace-quotas.ts";

/** A body in the form in which it is kept and sent. */
export interface SharedBody {
  bytes: Uint8Array;
  encoding: Encoding;
  /** Of the form kept. */
  etag: string;
  /** Of the identity form. */
  identityTag: string;
  identityBytes: number;
}

/** A response as it is now; times count from the moment of the answer. */
export interface SharedResponse extends SharedBody {
  /** Grows with every put of any node. */
  version: number;
  mediaType: string;
  /** Without duplicates, separated by commas. */
  tags: string;
  meta: string;
  ageMs: number;
  /** Below 0: stale for so long. */
  freshForMs: number;
  mayBeStale: boolean;
  endsInMs: number;
}

export interface SharedPut extends SharedBody {
  namespace: string;
  key: string;
  mediaType: string;
  tags: string;
  meta: string;
  freshMs: number;
  staleMs: number;
  lease: string | undefined;
  condition: Condition | null | undefined;
}

/** `there`: a fresh response is there by now. `full`: there is no room for another lease. */
export type SharedLease =
  | { outcome: "lease"; token: string }
  | { outcome: "pending"; leftMs: number }
  | { outcome: "there" }
  | { outcome: "full" };

export interface LeaseRequest {
  namespace: string;
  key: string;
  leaseMs: number;
  /** The caller's own, to be renewed. */
  token: string | undefined;
}

/** Uses of a response that a node served from its copy. */
export interface SharedUse {
  namespace: string;
  key: string;
  hits: number;
  unusedMs: number;
}

/** What a node is told of changes by any node. */
export interface SharedFollower {
  /** A put: copies below this version are old, and who waits for the key looks again. */
  changed(namespace: string, key: string, version: number): void;
  /** Removed, marked as stale, or its lease is void. */
  gone(namespace: string, key: string): void;
  /** News may be missing: no copy can be trusted any more. */
  lost(): void;
}

/**
 * Responses that several nodes share. Every call fails within a second when the place is away.
 *
 * @throws {AppError} `storage-unavailable`, `storage-read-only`, `storage-full`, from each of them.
 */
export interface SharedResponses {
  /** Whether all news of changes but those of the last second have arrived. */
  readonly isCurrent: boolean;
  /** Once, before the first call. */
  follow(follower: SharedFollower): void;
  /** What a put takes there, in bytes. */
  sizeOf(put: SharedPut): number;
  read(namespace: string, key: string): Promise<SharedResponse | null>;
  /** @throws {AppError} `version-mismatch`, `lease-expired`, `item-too-large`, `memory-pressure`; all change nothing. */
  put(put: SharedPut): Promise<{ outcome: "added" | "replaced"; version: number }>;
  /** What a put that keeps nothing does: the entry goes, and the fill ends. @throws as `put` does. */
  clear(namespace: string, key: string, lease: string | undefined, condition: Condition | null): Promise<void>;
  /** As of CacheStore. @throws {AppError} `version-mismatch`, `lease-expired`. */
  delete(namespace: string, key: string, lease: string | undefined, condition: Condition | null): Promise<boolean>;
  /** A lease of a key without a fresh response. @throws {AppError} `lease-expired` for a token that is not the current one. */
  lease(request: LeaseRequest): Promise<SharedLease>;
  purge(namespace: string, what: CacheSelection): Promise<number>;
  markStale(namespace: string, what: CacheSelection): Promise<number>;
  measure(namespace: string, what: CacheSelection): Promise<{ count: number; bytes: number }>;
  list(namespace: string, filter: CacheSelection & { limit: number; from: number }): Promise<Listed<number>>;
  /** Offers the figure to sort by of each entry that is selected; it does not change while nothing happens to the entry. */
  figures(
    namespace: string,
    what: CacheSelection & Pick<SortedPage, "sort">,
    offer: (figure: number, key: string) => void,
  ): Promise<void>;
  /** Those of these entries that there are, in the order of their keys. */
  views(namespace: string, keys: readonly string[]): Promise<CachedEntry[]>;
  /** What a namespace holds, and the bytes of one of its entries. */
  held(namespace: string, key: string): Promise<{ all: Amount; entryBytes: number | null }>;
  used(uses: readonly SharedUse[]): Promise<void>;
  /** Removes what has expired, and what others need the room of. */
  sweep(): Promise<void>;
}
