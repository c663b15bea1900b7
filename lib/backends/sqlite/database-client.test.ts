import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createMetaRows } from "./admin-rows.ts";
import type { DatabaseClient } from "./database-client.ts";
import type { DatabaseOptions } from "./messages.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const opened: DatabaseClient[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

async function open(options: Partial<DatabaseOptions> = {}) {
  const result = await openTestDatabase(options);
  opened.push(result.database);
  return result;
}

const insert = (name: string, value: string) => ({
  sql: `INSERT INTO "Meta" ("name", "value") VALUES (?, ?)`,
  params: [name, value],
});
const names = async (database: DatabaseClient) =>
  (await database.all<{ name: string }>(`SELECT "name" FROM "Meta" ORDER BY "name"`)).map(({ name }) => name);

describe("DatabaseClient", () => {
  it("commits many callers together, and undoes only the one that fails", async () => {
    const { database } = await open();
    const results = await Promise.allSettled([
      database.write([insert("a", "1"), insert("b", "1")]),
      database.write([insert("c", "1"), insert("a", "again")]),
      database.write([insert("d", "1")]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await names(database)).toEqual(["a", "b", "d"]);
  });

  it("lets a read see every write that was sent before it", async () => {
    const { database } = await open();
    const written = database.write([insert("a", "1")]);
    expect(await names(database)).toEqual(["a"]);
    await written;
  });

  it("refuses with storage-full at its disk bound, keeps what was there, and takes more once the bound is raised", async () => {
    // An empty database has 0.3 MB of tables and indices.
    const { database } = await open({ maxBytes: 600_000 });
    const big = "x".repeat(50_000);
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => database.write([insert(`k${index}`, big)])),
    );
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.reason).toMatchObject({ code: "storage-full" });
    const before = await names(database);
    await expect(database.write([insert("last", big.repeat(10))])).rejects.toMatchObject({ code: "storage-full" });
    expect(await names(database)).toEqual(before);
    await database.limit(2 ** 30);
    await database.write([insert("last", big.repeat(10))]);
    expect(await names(database)).toContain("last");
  });

  it("keeps callers waiting past 8 MB queued, and writes all of it", async () => {
    const { database } = await open();
    const megabyte = "x".repeat(500_000);
    await Promise.all(Array.from({ length: 30 }, (_, index) => database.write([insert(`k${index}`, megabyte)])));
    expect(await names(database)).toHaveLength(30);
  });

  it("keeps blobs and large integers as they are", async () => {
    const { database } = await open();
    const [row] = await database.all<{ blob: ArrayBuffer; number: number }>("SELECT ? AS blob, ? AS number", [
      new Uint8Array([0, 255, 1]),
      Date.UTC(2026, 0, 1),
    ]);
    expect(new Uint8Array(row?.blob ?? new ArrayBuffer(0))).toEqual(new Uint8Array([0, 255, 1]));
    expect(row?.number).toBe(Date.UTC(2026, 0, 1));
  });

  it("hands out one value per name however many ask at once", async () => {
    const { database } = await open();
    const meta = createMetaRows(database);
    const values = await Promise.all(["x", "y", "z"].map((value) => meta.readOrInsert("nodeId", value)));
    expect(new Set(values).size).toBe(1);
  });

  it("refuses what comes after closing", async () => {
    const { database } = await open();
    await database.close();
    await expect(database.all("SELECT 1")).rejects.toMatchObject({ code: "storage-unavailable" });
  });
});

describe("a database that is not where it was", () => {
  it.each([
    ["moved", ""],
    ["moved", "-wal"],
    ["replaced", ""],
    ["replaced", "-wal"],
  ])(
    "acknowledges nothing while it is %s (headroom.db%s), goes on reading, and writes again when it is back",
    async (what, suffix) => {
      const { database, file } = await openTestDatabase();
      opened.push(database);
      const write = (name: string) =>
        database.write([{ sql: `INSERT INTO "Meta" ("name", "value") VALUES (?, 'x')`, params: [name] }]);
      await write("before");
      renameSync(file + suffix, `${file}.away`);
      if (what === "replaced") copyFileSync(`${file}.away`, file + suffix);
      await expect(write("meanwhile")).rejects.toMatchObject({ code: "storage-unavailable", status: 503 });
      await expect(database.requirePlace()).rejects.toThrow(
        /^The database's (file|log) was (moved or deleted|replaced)\.$/,
      );
      expect(await database.all(`SELECT "name" FROM "Meta" WHERE "value" = 'x'`)).toEqual([{ name: "before" }]);
      renameSync(`${file}.away`, file + suffix);
      await write("after");
      await database.requirePlace();
      rmSync(path.dirname(file), { recursive: true });
    },
  );

  it("acknowledges nothing once it has been emptied", async () => {
    const { database, file } = await openTestDatabase();
    opened.push(database);
    await database.requirePlace();
    truncateSync(file);
    const written = database.write([{ sql: `INSERT INTO "Meta" ("name", "value") VALUES ('x', 'x')` }]);
    await expect(written).rejects.toMatchObject({ code: "storage-unavailable", status: 503 });
    await expect(database.requirePlace()).rejects.toThrow("The database's file was emptied.");
    rmSync(path.dirname(file), { recursive: true });
  });

  it("is not replaced by an empty one at the next start, which says what to do", async () => {
    const { database, file } = await openTestDatabase();
    await database.close();
    renameSync(file, `${file}.away`);
    await expect(openTestDatabase({ file })).rejects.toThrow(/is missing or empty, .* put it back, or delete .*\.lock/);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, "");
    await expect(openTestDatabase({ file })).rejects.toThrow("is missing or empty");
    renameSync(`${file}.away`, file);
    await (await openTestDatabase({ file })).database.close();
    rmSync(file);
    rmSync(`${file}.lock`);
    await (await openTestDatabase({ file })).database.close();
    rmSync(path.dirname(file), { recursive: true });
  });
});

describe("migrations", () => {
  const folder = (migrations: Record<string, string>) => {
    const dir = mkdtempSync(path.join(tmpdir(), "headroom-migrations-"));
    for (const [name, sql] of Object.entries(migrations)) {
      mkdirSync(path.join(dir, name));
      writeFileSync(path.join(dir, name, "migration.sql"), sql);
    }
    return dir;
  };
  const one = 'CREATE TABLE "Meta" ("name" TEXT PRIMARY KEY, "value" TEXT);';

  it("applies what is missing, in order, and nothing twice", async () => {
    const { database, file } = await open({ migrationsDir: folder({ "1_one": one }) });
    await database.write([insert("a", "1")]);
    await database.close();
    const next = await open({
      file,
      migrationsDir: folder({ "1_one": one, "2_two": 'ALTER TABLE "Meta" ADD COLUMN "more" TEXT;' }),
    });
    expect(await next.database.all(`SELECT "name", "more" FROM "Meta"`)).toEqual([{ name: "a", more: null }]);
  });

  it("T58: refuses a database that is newer, or whose migrations were changed, and leaves it as it was", async () => {
    const { database, file } = await open({ migrationsDir: folder({ "1_one": one, "2_two": "SELECT 1;" }) });
    await database.close();
    await expect(open({ file, migrationsDir: folder({ "1_one": one }) })).rejects.toThrow("start a newer version");
    await expect(open({ file, migrationsDir: folder({ "1_one": `${one} `, "2_two": "SELECT 1;" }) })).rejects.toThrow(
      "was changed",
    );
  });

  it("undoes a migration that fails in its middle", async () => {
    const broken = folder({ "1_one": `${one} CREATE TABLE broken (` });
    const { file } = await open({ migrationsDir: folder({}) });
    await opened.pop()?.close();
    await expect(open({ file, migrationsDir: broken })).rejects.toThrow("the migration 1_one failed");
    const { database } = await open({ file, migrationsDir: folder({ "1_one": one }) });
    expect(await names(database)).toEqual([]);
  });
});
