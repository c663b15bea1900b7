import { randomUUID } from "node:crypto";
import { StartError } from "../../shared/errors.ts";
import { type Applied, type Migration, missingMigrations, readMigrations } from "../migrations.ts";
import { type ConnectionOptions, Connections } from "./connections.ts";
import type { PgClient } from "./pg-client.ts";
import { codeOf, isCut } from "./sql-errors.ts";

// Prisma's own bookkeeping and its lock, so that `prisma migrate` and we see and await one another.
const LOCK = 72_707_369;
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"              VARCHAR(64) NOT NULL,
    "finished_at"           TIMESTAMPTZ,
    "migration_name"        VARCHAR(255) NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        TIMESTAMPTZ,
    "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`;
/** The first with all that we use. */
const OLDEST_VERSION = 14;
/** How long to wait for another node that migrates, and for one statement of ours. */
const PATIENCE_MS = 120_000;

/**
 * Applies the committed migrations that the database lacks, each in one transaction. Of nodes that start together one does it, and
 * the others wait.
 *
 * @returns the names applied now.
 * @throws {StartError} with a sentence: the server cannot be reached or used, or the database is newer than this code.
 */
export async function migratePostgres(options: ConnectionOptions, migrationsDir: string): Promise<string[]> {
  const connections = new Connections(
    { ...options, maxConnections: 1, statementTimeoutMs: PATIENCE_MS },
    () => undefined,
  );
  try {
    return await connections.use((client) => migrate(client, readMigrations(migrationsDir)));
  } catch (error) {
    throw new StartError(sentenceFor(error), { cause: error });
  } finally {
    await connections.close();
  }
}

async function migrate(client: PgClient, committed: readonly Migration[]): Promise<string[]> {
  await requireServer(client);
  await client.query({ text: `SELECT pg_advisory_lock(${LOCK})::text` });
  try {
    await client.query({ text: BOOKKEEPING });
    const { rows } = await client.query({
      text: `SELECT "migration_name", "checksum" FROM "_prisma_migrations" WHERE "finished_at" IS NOT NULL AND "rolled_back_at" IS NULL`,
    });
    const missing = missingMigrations(committed, rows as Applied[]);
    for (const migration of missing) await applyOne(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    // A cut connection has given it back by itself.
    await client.query({ text: `SELECT pg_advisory_unlock(${LOCK})::text` }).catch(() => undefined);
  }
}

async function requireServer(client: PgClient): Promise<void> {
  const { rows } = await client.query({
    text: `SELECT current_setting('server_version_num')::int / 10000 AS "version", current_setting('server_encoding') AS "encoding"`,
  });
  const [server] = rows as { version: number; encoding: string }[];
  if ((server?.version ?? 0) < OLDEST_VERSION)
    throw new Error(`it is Postgres ${server?.version}; ${OLDEST_VERSION} or later is needed`);
  if (server?.encoding !== "UTF8") throw new Error(`its encoding is ${server?.encoding}; it must be UTF8`);
}

async function applyOne(client: PgClient, { name, sql, checksum }: Migration): Promise<void> {
  await client.query({ text: "BEGIN" });
  try {
    await client.query({ text: sql });
    await client.query({
      text: `INSERT INTO "_prisma_migrations" ("id", "checksum", "finished_at", "migration_name", "applied_steps_count")
             VALUES ($1, $2, now(), $3, 1)`,
      values: [randomUUID(), checksum, name],
    });
    await client.query({ text: "COMMIT" });
  } catch (error) {
    await client.query({ text: "ROLLBACK" }).catch(() => undefined);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the migration ${name} failed: ${why}`, { cause: error });
  }
}

function sentenceFor(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StartError) return message;
  const isShut = isCut(error) || codeOf(error).startsWith("28") || codeOf(error) === "3D000";
  // The URL may hold a password: it is not repeated.
  const what = isShut ? "cannot be reached" : "cannot be used";
  return `the Postgres database of HEADROOM_DATABASE_URL ${what}: ${message === "" ? codeOf(error) : message}`;
}
