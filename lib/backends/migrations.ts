import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** A row of Prisma's own bookkeeping. */
export interface Applied {
  migration_name: string;
  checksum: string;
}

/** Committed migrations, a folder each with a `migration.sql`, in their order. */
export function readMigrations(dir: string): Migration[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(dir, entry.name, "migration.sql")))
    .map(({ name }) => {
      const sql = readFileSync(path.join(dir, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Those that a database lacks.
 *
 * @throws {Error} when the database is newer than this code, or a migration was edited after it was applied.
 */
export function missingMigrations(committed: readonly Migration[], applied: readonly Applied[]): Migration[] {
  for (const { migration_name, checksum } of applied) {
    const ours = committed.find(({ name }) => name === migration_name);
    if (!ours)
      throw new Error(
        `the database has the migration ${migration_name}, which this version does not know: start a newer version`,
      );
    if (ours.checksum !== checksum) throw new Error(`the migration ${migration_name} was changed after it was applied`);
  }
  return committed.filter(({ name }) => !applied.some((row) => row.migration_name === name));
}
