import path from "node:path";
import { afterAll, describe } from "vitest";
import { migratePostgres } from "../migrate.ts";
import { PostgresDatabase, type PostgresOptions } from "../postgres-database.ts";
import { hasPostgres, PostgresServer } from "./postgres-server.ts";

export const MIGRATIONS = path.resolve(import.meta.dirname, "../../../../prisma/migrations/postgresql");

export const optionsOf = ({ url }: PostgresServer): PostgresOptions => ({
  url,
  maxConnections: 4,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 60_000,
});

/** Tests of a driver; left out by name where no server can be had. */
export const describePostgres = hasPostgres ? describe : describe.skip;

/**
 * What the contract suites ask of a driver. Each call opens it on a database without rows; `reopen` opens it again on those it has
 * written, as the next process would. A file of tests has one server.
 */
export function newStorage() {
  let begun: Promise<{ server: PostgresServer; database: PostgresDatabase }> | null = null;
  afterAll(async () => {
    if (begun === null) return;
    const { server, database } = await begun;
    await database.close();
    await server.stop();
  });
  return async <Rows>(open: (database: PostgresDatabase) => Rows | Promise<Rows>) => {
    begun ??= begin();
    const { database } = await begun;
    await empty(database);
    return { rows: await open(database), reopen: async () => open(database) };
  };
}

async function begin() {
  const server = await PostgresServer.start();
  const options = optionsOf(server);
  await migratePostgres(options, MIGRATIONS);
  return { server, database: new PostgresDatabase(options) };
}

/** Numbers begin again too. */
async function empty(database: PostgresDatabase): Promise<void> {
  const tables = await database.all<{ name: string }>(
    `SELECT "tablename" AS "name" FROM pg_tables WHERE "schemaname" = 'public' AND "tablename" NOT LIKE '\\_%'`,
  );
  const sequences = await database.all<{ name: string }>(
    `SELECT "sequencename" AS "name" FROM pg_sequences WHERE "schemaname" = 'public'`,
  );
  await database.write([
    ...tables.map(({ name }) => ({ sql: `DELETE FROM "${name}"` })),
    ...sequences.map(({ name }) => ({ sql: `ALTER SEQUENCE "${name}" RESTART` })),
  ]);
}
