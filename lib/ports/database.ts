import type { AppError } from "../shared/errors.ts";

/** A value that SQLite stores: times and counts as numbers, bytes as `Uint8Array`. */
export type SqlValue = string | number | Uint8Array | null;

/** What a database is asked in. */
export type SqlDialect = "sqlite" | "postgres";

export interface Statement {
  sql: string;
  params?: readonly SqlValue[];
}

/** Rows changed by one statement. */
export type Changes = number;

/**
 * The way to the database: SQLite's only connection, on a worker thread, so that neither a long read nor an fsync blocks the event
 * loop; or a Postgres server. A read sees every write that was sent before it, and writes happen in their order. Only lib/backends
 * writes SQL.
 */
export interface Database {
  readonly dialect: SqlDialect;
  /** All rows of one query, in one message; queries need a LIMIT. */
  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>;
  /**
   * Runs the statements in one transaction and resolves once it is on disk. Calls that arrive while a commit is under
   * way share the next one (group commit). Waits while more than 8 MB are queued.
   *
   * @returns rows changed, per statement.
   * @throws {AppError} `storage-full`, `storage-read-only`, `storage-unavailable`; `conflict` when a key is taken, or the
   *   row that one belongs to is gone. Nothing of this call was written.
   */
  write(statements: readonly Statement[]): Promise<Changes[]>;
  /** Bytes of database and WAL on disk. */
  sizeBytes(): Promise<number>;
  /** Finishes all accepted work, then closes. */
  close(): Promise<void>;
}

/** Of a pool of connections, as it is and since the start. */
export interface ConnectionFigures {
  open: number;
  idle: number;
  /** Calls that wait for a connection. */
  waiting: number;
  max: number;
  /** Connections given out, and how long callers waited for one: together and at most. */
  uses: number;
  waitedMs: number;
  longestWaitMs: number;
  /** How long connections were in use, together. */
  usedMs: number;
}

/** A database as a server runs on it. */
export interface ServedDatabase extends Database {
  /** What it has answered so far: while it grows, the database works, however much waits for it. */
  readonly replies: number;
  /** Connections for reads, and for writes; null where there are none. */
  connections(): { reads: ConnectionFigures; writes: ConnectionFigures } | null;
  /** @throws {AppError} `storage-unavailable`, `storage-read-only`: writes are refused until it is back. */
  requirePlace(): Promise<void>;
  /** While it is silent callers are refused at once. Null: it responds again. */
  setSilent(silence: AppError | null): void;
  /** Bounds what it takes on a disk of ours. */
  limit(maxBytes: number): Promise<void>;
  /** Calls `tell` when what runs it in this process has died. */
  followDeath(tell: (cause: Error) => void): void;
  /** Opens it again after that. */
  reopen(): Promise<void>;
}
