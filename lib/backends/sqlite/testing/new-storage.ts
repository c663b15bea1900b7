import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll } from "vitest";
import type { Database } from "../../../ports/database.ts";
import type { DatabaseClient } from "../database-client.ts";
import { openTestDatabase } from "./open-database.ts";

/**
 * What the contract suites ask of a driver. Each call opens it on a database without rows; `reopen` opens it again on
 * those it has written, as the next process would. A file of tests has one database: a thread takes a second to start.
 */
export function newStorage() {
  let opened: ReturnType<typeof openTestDatabase> | null = null;
  afterAll(async () => {
    if (opened === null) return;
    const { database, file } = await opened;
    await database.close();
    rmSync(path.dirname(file), { recursive: true, force: true });
  });
  return async <Rows>(open: (database: DatabaseClient) => Rows | Promise<Rows>) => {
    opened ??= openTestDatabase();
    const { database } = await opened;
    await empty(database);
    return { rows: await open(database), reopen: async () => open(database) };
  };
}

/** Numbers begin again too. A full-text index has tables of its own, which go with it. */
async function empty(database: Database): Promise<void> {
  const tables = await database.all<{ name: string; isIndex: number }>(
    `SELECT "name", "sql" LIKE 'CREATE VIRTUAL%' AS "isIndex" FROM sqlite_schema WHERE "type" = 'table'
       AND "name" NOT LIKE '\\_%' ESCAPE '\\' AND ("sql" LIKE 'CREATE VIRTUAL%' OR "name" NOT LIKE '%Text\\_%' ESCAPE '\\')`,
  );
  await database.write(
    tables.map(({ name, isIndex }) => ({ sql: isIndex ? `DROP TABLE "${name}"` : `DELETE FROM "${name}"` })),
  );
}
