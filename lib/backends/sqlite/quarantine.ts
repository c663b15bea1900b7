import { existsSync, renameSync } from "node:fs";
import { Connection } from "./connection.ts";
import type { DatabaseOptions } from "./messages.ts";
import { isDamage } from "./sql-errors.ts";

/** A file up to this is checked page by page at each start, which takes some tenths of a second; of a larger one only the schema is read. */
const CHECKED_BYTES = 64 * 1024 * 1024;
/**
 * All but full-text indexes. There are two for each namespace, and checking one opens it: that made starts slow. They hold nothing
 * that is not in these tables, so a damaged one costs its namespace the search by words, and nobody's data.
 */
const CHECKED_TABLES = `SELECT "name" FROM sqlite_master WHERE "type" = 'table' AND "sql" NOT LIKE 'CREATE VIRTUAL TABLE%'
  AND "name" NOT GLOB 'RagText_*' AND "name" NOT GLOB 'MessageText_*'`;

/** What belongs to a database beside its file. */
const SUFFIXES = ["", "-wal", "-shm"];

/**
 * Opens a database that a server of ours has used. A damaged one (no SQLite header, pages that contradict each other, or pages that
 * are missing) is moved aside first. One connection reads the schema once: with 1,000 namespaces it has 10,000 tables.
 *
 * @returns `quarantined`: where the damaged file is now, or null.
 */
export function openSound(
  options: DatabaseOptions,
  nowMs: number,
): { connection: Connection; quarantined: string | null } {
  const connection = openUndamaged(options);
  if (connection !== null) return { connection, quarantined: null };
  const quarantined = quarantine(options.file, nowMs);
  return { connection: new Connection(options), quarantined };
}

function openUndamaged(options: DatabaseOptions): Connection | null {
  let connection: Connection | null = null;
  try {
    connection = new Connection(options);
    if (isWhole(connection)) return connection;
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  // What it holds is not written back: the file is moved as it is.
  connection?.sqlite.close();
  return null;
}

function isWhole(connection: Connection): boolean {
  const tables = connection.sqlite.prepare(CHECKED_TABLES).all([]) as { name: string }[];
  if (connection.sizeBytes() > CHECKED_BYTES) return true;
  return tables.every(({ name }) => {
    const [found] = connection.sqlite.prepare(`PRAGMA quick_check("${name}")`).all([]) as { quick_check: string }[];
    return found?.quick_check === "ok";
  });
}

/** Nothing of it is lost. @returns where its file is now. */
function quarantine(file: string, nowMs: number): string {
  const aside = `${file}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-")}`;
  for (const suffix of SUFFIXES) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}
