/** So long nothing begins again under an id of a caller's own that ended. */
export const ENDED_FOR_MS = 86_400_000;

/** A session as stored in the database. Its data is JSON text, so that a row can be read without this process. */
export interface SessionRow {
  /** The key that the session is kept under: its id, or what was made of the caller's own. */
  id: string;
  /** The id that the caller chose; null when it was made here. */
  ownId: string | null;
  namespace: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  idleTimeoutMs: number;
  /** An end that use does not move; infinite when there is none. */
  endsAtMs: number;
  version: number;
  /** A JSON list without repetitions; empty when there are none. */
  tags: string;
  /** JSON as UTF-8. */
  data: Uint8Array;
}

/** Tags as they are kept: each once, in the order given. */
export const tagsText = (tags: readonly string[]): string =>
  tags.length === 0 ? "" : JSON.stringify([...new Set(tags)]);

export const hasTag = (tags: string, tag: string): boolean =>
  tags !== "" && (JSON.parse(tags) as string[]).includes(tag);

/** What a list may be sorted by. */
export type SessionFigure = "bytes" | "lastUsedAt" | "createdAt";

/** An order of a list: by a figure, and by key where figures are the same. */
export interface SessionOrder {
  readonly sort: SessionFigure;
  readonly order: "asc" | "desc";
}

/** A session's place in such an order: its figure, and the key that it is kept under. */
export type SortedPosition = readonly [number, string];

/** What a session is kept under beside its data. Left out: as it is, or as new sessions begin. */
export interface SessionTerms {
  readonly idleTimeoutMs?: number | undefined;
  /** An end that use does not move, on the pool's time line; infinite for none. */
  readonly endsAtMs?: number | undefined;
  /** As a row has them. */
  readonly tags?: string | undefined;
}

/** The history that an imported session brings along. */
export interface SessionPast {
  createdAtMs: number;
  lastUsedAtMs: number;
  version: number;
}

export interface SessionRowSummary extends Omit<SessionRow, "data"> {
  /** Length of the data in bytes. */
  bytes: number;
}

export type SessionUse = { kind: "use"; id: string; lastUsedAtMs: number };
/** The end of a session whose id is the caller's own: remembered, so that nothing begins under that id too soon. */
export interface SessionEnd {
  namespace: string;
  endedAtMs: number;
}

/** `end` is null for a session whose id was made here: no such id is ever made again. */
export type SessionDeletion = { kind: "delete"; id: string; end: SessionEnd | null };
export type SessionChange = { kind: "put"; row: SessionRow } | SessionUse | SessionDeletion;

/** Which sessions of a namespace: what is named must hold; of nothing, all of them. */
export interface SessionSelection {
  /** Their ids begin so. */
  readonly prefix?: string | undefined;
  /** One of their tags. */
  readonly tag?: string | undefined;
}

/** Sessions, and the bytes of their data. */
export interface SessionTally {
  count: number;
  bytes: number;
}

/** Position from which a list continues: after this session, newest first. */
export interface SessionPosition {
  createdAtMs: number;
  id: string;
}

/**
 * The durable half of the session pool. Every method rejects with an `AppError` (`storage-full`, `storage-read-only`,
 * `storage-unavailable`) when the database cannot do it.
 */
export interface SessionRows {
  get(id: string): Promise<SessionRow | null>;
  /** All changes in this order in one transaction; resolves once they would survive `kill -9`. */
  apply(changes: readonly SessionChange[]): Promise<void>;
  /** When the session that was kept under `id` ended; null when that is not known, or no longer. */
  endOf(id: string): Promise<number | null>;
  /** Deletes up to `limit` rows that had expired at `atMs`, and ends older than their time; resolves to the rows' number. */
  expire(atMs: number, limit: number): Promise<number>;
  /** Live sessions of a namespace at `atMs`, the newest first. */
  list(
    namespace: string,
    query: SessionSelection & { after: SessionPosition | null; limit: number; atMs: number },
  ): Promise<SessionRowSummary[]>;
  /** The same in another order. It looks at all that is selected, and holds no more than `limit` of it. */
  listSorted(
    namespace: string,
    query: SessionSelection & SessionOrder & { after: SortedPosition | null; limit: number; atMs: number },
  ): Promise<SessionRowSummary[]>;
  /** How many these are, and what their data come to. */
  tally(namespace: string, query: SessionSelection & { atMs: number }): Promise<SessionTally>;
  /** Number of live sessions at `atMs`. */
  count(atMs: number): Promise<number>;
  /** Bytes left of the disk quota, as of the last commit. */
  roomBytes(): number;
}
