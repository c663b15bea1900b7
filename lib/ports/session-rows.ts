/** A session as stored in the database. Its data is JSON text, so that a row can be read without this process. */
export interface SessionRow {
  id: string;
  namespace: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  idleTimeoutMs: number;
  version: number;
  /** JSON as UTF-8. */
  data: Uint8Array;
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
export type SessionChange = { kind: "put"; row: SessionRow } | SessionUse | { kind: "delete"; id: string };

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
  /** Deletes up to `limit` rows that had expired at `atMs`; resolves to their number. */
  expire(atMs: number, limit: number): Promise<number>;
  /** Live sessions of a namespace at `atMs`, the newest first. */
  list(
    namespace: string,
    query: { after: SessionPosition | null; limit: number; atMs: number },
  ): Promise<SessionRowSummary[]>;
  /** Number of live sessions at `atMs`. */
  count(atMs: number): Promise<number>;
  /** Bytes left of the disk quota, as of the last commit. */
  roomBytes(): number;
}
