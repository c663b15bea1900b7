import Libsql from "libsql";
import { isHeldElsewhere } from "./sql-errors.ts";

/** Keeps the handle from being collected, which would drop the lock. One per process in practice. */
const held: unknown[] = [];

export const lockFile = (file: string): string => `${file}.lock`;

/** What the lock file says of the database beside it. */
export interface DatabaseLock {
  /** Whether a server has used that database: it was there, and migrated. */
  readonly wasUsed: boolean;
  /** Notes that one does. */
  markUsed(): void;
}

/**
 * One server per database. The lock is SQLite's own exclusive lock on a file beside the database, held for as long as
 * this process lives: the kernel drops it even after `kill -9`, and the database itself stays readable to others.
 *
 * @throws {Error} that says so when another process holds it; SQLite's own when the folder cannot be written.
 */
export function lockDatabase(file: string): DatabaseLock {
  const lock = new Libsql(lockFile(file));
  try {
    lock.exec("PRAGMA busy_timeout = 0");
    lock.exec("PRAGMA locking_mode = EXCLUSIVE");
    lock.exec("PRAGMA journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!isHeldElsewhere(error)) throw error;
    throw new Error(`another Headroom server is using the database ${file}`, { cause: error });
  }
  held.push(lock);
  const [{ user_version: version } = { user_version: 0 }] = lock.prepare("PRAGMA user_version").all([]) as {
    user_version: number;
  }[];
  return {
    wasUsed: version > 0,
    markUsed() {
      if (version > 0) return;
      // In exclusive mode the lock outlives the transaction.
      lock.exec("PRAGMA user_version = 1");
      lock.exec("COMMIT");
      lock.exec("BEGIN EXCLUSIVE");
    },
  };
}
