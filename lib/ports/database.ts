/** A value that SQLite stores: times and counts as numbers, bytes as `Uint8Array`. */
export type SqlValue = string | number | Uint8Array | null;

export interface Statement {
  sql: string;
  params?: readonly SqlValue[];
}

/** Rows changed by one statement. */
export type Changes = number;

/**
 * The only connection to the database. It runs on a worker thread, so that neither a long read nor an fsync blocks the
 * event loop. Only lib/backends writes SQL.
 */
export interface Database {
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
