import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StartError } from "../../shared/errors.ts";
import { migratePostgres } from "./migrate.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, MIGRATIONS, optionsOf } from "./testing/new-storage.ts";
import { PostgresServer } from "./testing/postgres-server.ts";

const SCHEMA = path.resolve(import.meta.dirname, "../../../prisma/schema.prisma");
/** Prisma's types as Postgres tells them. Integers have 64 bits, as SQLite's have. */
const TYPES: Readonly<Record<string, string>> = {
  String: "text",
  Int: "bigint",
  BigInt: "bigint",
  Float: "double precision",
  Bytes: "bytea",
};

interface Column {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
}

/** The columns that schema.prisma tells. */
function columnsOfSchema(): Column[] {
  const models = readFileSync(SCHEMA, "utf8").matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm);
  return [...models].flatMap(([, table = "", body = ""]) =>
    [...body.matchAll(/^ {2}(\w+) +(\w+)(\??)(?= |$)/gm)].flatMap(([, column = "", type = "", nullable]) =>
      TYPES[type] === undefined ? [] : [{ table, column, type: TYPES[type], nullable: nullable === "?" }],
    ),
  );
}

describePostgres("the migrations of a Postgres database", () => {
  let server: PostgresServer;
  let folder: string;
  beforeAll(async () => {
    server = await PostgresServer.start();
    folder = mkdtempSync(path.join(tmpdir(), "migrations-"));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are applied once by nodes that start together, and make what schema.prisma says", async () => {
    const options = optionsOf(server);
    const applied = await Promise.all([1, 2, 3].map(() => migratePostgres(options, MIGRATIONS)));
    expect(applied.flat()).toEqual(["20261129220000_first"]);
    const database = new PostgresDatabase(options);
    const found = await database.all<Column & { byBytes: boolean }>(
      `SELECT "table_name" AS "table", "column_name" AS "column", "data_type" AS "type", "is_nullable" = 'YES' AS "nullable",
         "collation_name" IS NOT DISTINCT FROM 'C' AS "byBytes"
       FROM information_schema.columns WHERE "table_schema" = 'public'`,
    );
    await database.close();
    const told = columnsOfSchema();
    expect(told.length).toBeGreaterThan(150);
    const keyOf = ({ table, column }: Column) => `${table}.${column}`;
    for (const column of told) {
      const { byBytes, ...there } = found.find((each) => keyOf(each) === keyOf(column)) ?? { byBytes: false };
      expect(there).toEqual(column);
      if (column.type === "text") expect([keyOf(column), byBytes]).toEqual([keyOf(column), true]);
    }
    const more = found.map(keyOf).filter((key) => !told.some((column) => keyOf(column) === key));
    const ours = /^(_prisma_migrations\.|RagChunkWords\.|ConversationMessageWords\.|\w+\.rowid$)/;
    expect(more.filter((key) => !ours.test(key))).toEqual([]);
  });

  it("let every table be read page by page in the order of its rows' numbers, as SQLite's indexes do", async () => {
    const options = optionsOf(server);
    await migratePostgres(options, MIGRATIONS);
    const database = new PostgresDatabase(options);
    const indexes = await database.all<{ table: string; columns: string }>(
      `SELECT "tablename" AS "table", replace(substring("indexdef" FROM '\\((.*)\\)'), '"', '') AS "columns" FROM pg_indexes`,
    );
    await database.close();
    expect(indexes).toEqual(
      expect.arrayContaining([
        { table: "VectorPoint", columns: "collectionId, row" },
        { table: "VectorSent", columns: "collectionId, row" },
        { table: "RagChunk", columns: "namespaceId, id" },
        { table: "MessageWindow", columns: "namespace, model, id" },
        { table: "ConversationMessage", columns: "namespace, model, id" },
        { table: "Conversation", columns: "namespace, lastMessageAtMs, id" },
        { table: "Conversation", columns: "namespace, owner, lastMessageAtMs, id" },
        { table: "Session", columns: "rowid" },
      ]),
    );
  });

  it("refuse a database of a newer version, and one whose migration was changed after it was applied", async () => {
    const options = optionsOf(server);
    await migratePostgres(options, MIGRATIONS);
    cpSync(MIGRATIONS, folder, { recursive: true });
    const later = path.join(folder, "29990101000000_later");
    mkdirSync(later);
    writeFileSync(path.join(later, "migration.sql"), `CREATE TABLE "later" ("id" INT)`);
    expect(await migratePostgres(options, folder)).toEqual(["29990101000000_later"]);
    await expect(migratePostgres(options, MIGRATIONS)).rejects.toThrow(/29990101000000_later.*start a newer version/);
    writeFileSync(path.join(later, "migration.sql"), `CREATE TABLE "other" ("id" INT)`);
    await expect(migratePostgres(options, folder)).rejects.toThrow(
      "29990101000000_later was changed after it was applied",
    );
  });

  it("leave nothing behind of one that fails, and say which it was", async () => {
    const broken = path.join(folder, "29990102000000_broken");
    mkdirSync(broken, { recursive: true });
    writeFileSync(path.join(broken, "migration.sql"), `CREATE TABLE "half" ("id" INT); SELECT nothing;`);
    const others = mkdtempSync(path.join(tmpdir(), "migrations-"));
    cpSync(broken, path.join(others, "29990102000000_broken"), { recursive: true });
    const options = { ...optionsOf(server), url: optionsOf(server).url.replace(/postgres$/, "template1") };
    await expect(migratePostgres(options, others)).rejects.toThrow(/the migration 29990102000000_broken failed/);
    const database = new PostgresDatabase(options);
    expect(await database.all(`SELECT 1 FROM pg_tables WHERE "tablename" = 'half'`)).toEqual([]);
    await database.close();
    rmSync(others, { recursive: true, force: true });
  });

  it("say in a sentence that the server cannot be reached, without the password", async () => {
    const url = "postgres://headroom:geheim@127.0.0.1:1/postgres";
    const failure = await migratePostgres({ ...optionsOf(server), url }, MIGRATIONS).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartError);
    const { message } = failure as StartError;
    expect(message).toContain("the Postgres database of HEADROOM_DATABASE_URL cannot be reached");
    expect(message).not.toContain("geheim");
  });
});
