import { randomUUID } from "node:crypto";
import { type Applied, type Migration, missingMigrations, readMigrations } from "../migrations.ts";
import type { Connection } from "./connection.ts";

// Prisma's own bookkeeping, so that `prisma migrate status` agrees with us and either may apply the next one.
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
)`;

/**
 * Applies the committed migrations that the database lacks, each in one transaction.
 *
 * @returns the names applied now.
 * @throws {Error} when the database is newer than this code, or a migration was edited after it was applied.
 */
export function migrate(connection: Connection, migrationsDir: string): string[] {
  const { sqlite } = connection;
  sqlite.exec(BOOKKEEPING);
  const applied = sqlite
    .prepare(
      `SELECT migration_name, checksum FROM "_prisma_migrations" WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`,
    )
    .all() as Applied[];
  const missing = missingMigrations(readMigrations(migrationsDir), applied);
  for (const migration of missing) applyOne(connection, migration);
  return missing.map(({ name }) => name);
}

function applyOne({ sqlite }: Connection, { name, sql, checksum }: Migration): void {
  // Foreign keys can only be switched outside a transaction; a table that is rebuilt inside must not cascade.
  sqlite.exec("PRAGMA foreign_keys = OFF");
  sqlite.exec("BEGIN EXCLUSIVE");
  try {
    sqlite.exec(sql);
    sqlite
      .prepare(
        `INSERT INTO "_prisma_migrations" (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES (?, ?, ?, ?, ?, 1)`,
      )
      .run(randomUUID(), checksum, Date.now(), name, Date.now());
    sqlite.exec("COMMIT");
  } catch (error) {
    if (sqlite.inTransaction) sqlite.exec("ROLLBACK");
    throw new Error(`the migration ${name} failed: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  } finally {
    sqlite.exec("PRAGMA foreign_keys = ON");
  }
}
