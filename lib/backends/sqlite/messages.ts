import type { SqlValue } from "../../ports/database.ts";
import type { ProblemCode } from "../../shared/errors.ts";
import type { PackedStatements } from "./packed-statements.ts";

/** What the thread is started with. */
export interface DatabaseOptions {
  /** The database file's path. */
  file: string;
  /** Committed migrations: a folder each with a `migration.sql`. */
  migrationsDir: string;
  /** The most that database and WAL may take on disk. */
  maxBytes: number;
  /** How long to wait for another process's lock. */
  busyTimeoutMs: number;
}

export type Command =
  | { id: number; kind: "all"; sql: string; params: readonly SqlValue[] }
  | { id: number; kind: "write"; packed: PackedStatements }
  | { id: number; kind: "size" }
  /** Fails when the file is not where it was. */
  | { id: number; kind: "place" }
  | { id: number; kind: "limit"; maxBytes: number }
  | { id: number; kind: "close" };

export interface Failure {
  /** Null: not foreseen, a fault of ours. */
  code: ProblemCode | null;
  message: string;
}

export type Reply = ({ id: number; ok: true; value: unknown } | { id: number; ok: false; failure: Failure }) & {
  /** A write's buffer, on its way back. */
  bytes?: ArrayBuffer;
};

/** The first message from the thread. */
export type Opened =
  /** `begun`: there was no database before; `quarantined`: where a damaged database was moved to, before a new one was begun. */
  | { opened: true; migrated: string[]; quarantined: string | null; begun: boolean }
  | { opened: false; failure: Failure };
