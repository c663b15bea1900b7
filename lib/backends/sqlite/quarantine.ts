import { existsSync, renameSync, statSync } from "node:fs";
import Libsql from "libsql";
import { isDamage } from "./sql-errors.ts";

/** A file up to this is checked page by page at each start, which takes some tenths of a second; of a larger one only the schema is read. */
const CHECKED_BYTES = 64 * 1024 * 1024;

/** What belongs to a database beside its file. */
const SUFFIXES = ["", "-wal", "-shm"];

/** Whether the file cannot be used as a database: no SQLite header, pages that contradict each other, or pages that are missing. */
export function isDamaged(file: string): boolean {
  const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes === 0) return false;
  let sqlite: InstanceType<typeof Libsql> | null = null;
  try {
    sqlite = new Libsql(file);
    sqlite.prepare("SELECT count(*) FROM sqlite_master").all([]);
    if (sizeBytes > CHECKED_BYTES) return false;
    const [found] = sqlite.prepare("PRAGMA quick_check(1)").all([]) as { quick_check: string }[];
    return found?.quick_check !== "ok";
  } catch (error) {
    if (isDamage(error)) return true;
    throw error;
  } finally {
    sqlite?.close();
  }
}

/** Moves the database and what belongs to it aside, so that nothing of it is lost. @returns where its file is now. */
export function quarantine(file: string, nowMs: number): string {
  const aside = `${file}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-")}`;
  for (const suffix of SUFFIXES) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}
