import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Statement } from "../../ports/database.ts";
import { AppError } from "../../shared/errors.ts";
import { MAX_READS, PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, optionsOf } from "./testing/new-storage.ts";
import { PostgresServer } from "./testing/postgres-server.ts";

const insert = (id: number, text = ""): Statement => ({ sql: `INSERT INTO "t" VALUES (?, ?)`, params: [id, text] });
const raising = (code: string) => ({ sql: `SELECT "raise"('${code}')` });

describePostgres("a Postgres database", () => {
  let server: PostgresServer;
  let database: PostgresDatabase;
  const ids = async () =>
    (await database.all<{ id: number }>(`SELECT "id" FROM "t" ORDER BY "id"`)).map(({ id }) => id);
  beforeAll(async () => {
    server = await PostgresServer.start();
    database = new PostgresDatabase(optionsOf(server));
    await database.write([
      { sql: `CREATE TABLE "t" ("id" BIGINT PRIMARY KEY, "text" TEXT COLLATE "C" NOT NULL)` },
      { sql: `CREATE SEQUENCE "calls"` },
      {
        sql: `CREATE FUNCTION "raise"(code TEXT) RETURNS INT LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = code; END $$`,
      },
      {
        sql: `CREATE FUNCTION "fail_twice"(code TEXT) RETURNS INT LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('calls') % 3 <> 0 THEN RAISE EXCEPTION USING ERRCODE = code; END IF; RETURN 1; END $$`,
      },
    ]);
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });

  it("lets a read see every write that was sent before it, and does writes in their order", async () => {
    await database.write([{ sql: `DELETE FROM "t"` }]);
    const change = (text: string) => ({ sql: `UPDATE "t" SET "text" = "text" || ?`, params: [text] });
    const writes = [database.write([insert(1)]), ...[..."abcdefghij"].map((text) => database.write([change(text)]))];
    expect(await database.all(`SELECT "text" FROM "t"`)).toEqual([{ text: "abcdefghij" }]);
    expect((await Promise.all(writes)).flat()).toEqual(Array(11).fill(1));
  });

  it("shares one transaction among callers at once, and lets one that fails take nobody along", async () => {
    await database.write([{ sql: `DELETE FROM "t"` }]);
    const { uses } = database.connections().writes;
    const all = Array.from({ length: 200 }, (_, at) => database.write([insert(at)]));
    await Promise.all(all);
    expect(database.connections().writes.uses - uses).toBeLessThan(20);
    const mixed = await Promise.allSettled([
      database.write([insert(1_000), insert(1_001)]),
      database.write([insert(2_000), insert(5)]),
      database.write([insert(3_000)]),
    ]);
    expect(mixed.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(mixed[1]).toMatchObject({ reason: { code: "conflict", status: 409 } });
    expect((await ids()).filter((id) => id >= 1_000)).toEqual([1_000, 1_001, 3_000]);
  });

  it("does a transaction again that was undone for another's sake, and nothing of it twice", async () => {
    for (const code of ["40001", "40P01"]) {
      await database.write([{ sql: `DELETE FROM "t"` }]);
      const flaky = { sql: `SELECT "fail_twice"(?)`, params: [code] };
      expect(await database.write([insert(1), flaky, insert(2)])).toEqual([1, 1, 1]);
      expect(await ids()).toEqual([1, 2]);
    }
    await expect(database.write([raising("40001")])).rejects.toMatchObject({ code: "storage-unavailable" });
  });

  it("tells failures in the terms of the API", async () => {
    const told = async (code: string) =>
      database.write([raising(code)]).catch((error: unknown) => error as { code?: string; status?: number });
    expect(await told("23505")).toMatchObject({ code: "conflict", status: 409 });
    expect(await told("23503")).toMatchObject({ code: "conflict", status: 409 });
    expect(await told("53100")).toMatchObject({ code: "storage-full", status: 507 });
    expect(await told("25006")).toMatchObject({ code: "storage-read-only", status: 503 });
    for (const code of ["57014", "55P03", "53300", "53200", "57P01", "08006", "28P01"])
      expect(await told(code)).toMatchObject({ code: "storage-unavailable", status: 503, retryAfterSeconds: 1 });
    // A fault of ours is none of those.
    expect(await told("22012")).not.toHaveProperty("status");
  });

  it("gives every text back as it was, with what Postgres has no letter for", async () => {
    const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", "\0", "\uFFFE", "0", "1", "?", "'", "\\") });
    await fc.assert(
      fc.asyncProperty(text, async (each) => {
        await database.write([{ sql: `DELETE FROM "t"` }, insert(1, each)]);
        expect(await database.all(`SELECT "text" FROM "t" WHERE "text" = ?`, [each])).toEqual([{ text: each }]);
      }),
      { numRuns: 50 },
    );
  });

  it("gives bytes that keep nothing else in memory, however few they are", async () => {
    for (const size of [0, 1, 100, 3_000, 10_000]) {
      const sent = new Uint8Array(size).fill(7);
      const [row] = await database.all<{ bytes: Uint8Array }>(`SELECT CAST(? AS bytea) AS "bytes"`, [sent]);
      expect(row?.bytes).toEqual(sent);
      expect(row?.bytes.buffer.byteLength).toBe(size);
    }
  });

  it("numbers parameters as SQLite does, and takes none within quotes for one", async () => {
    const sql = `SELECT CAST(?2 AS text) AS "b?", CAST(?1 AS text) AS "a", 'it''s ?' AS "c", CAST(? AS text) AS "d"`;
    expect(await database.all(sql, ["1", "2", "3"])).toEqual([{ "b?": "2", a: "1", c: "it's ?", d: "3" }]);
  });

  it("opens no more connections than it may, and measures who waits for one", async () => {
    await Promise.all(Array.from({ length: 40 }, () => database.all(`SELECT pg_sleep(0.01)::text`)));
    const { reads, writes } = database.connections();
    expect(reads.open).toBe(2);
    expect([reads.max, writes.max, writes.open]).toEqual([2, 1, 1]);
    expect(reads.waitedMs).toBeGreaterThan(0);
    expect(reads.longestWaitMs).toBeLessThanOrEqual(reads.waitedMs);
    expect([reads.waiting, reads.usedMs > 0]).toEqual([0, true]);
  });

  it("refuses who finds no free connection in time, and does not take a busy server for one that is away", async () => {
    const busy = new PostgresDatabase({ ...optionsOf(server), maxConnections: 3, connectTimeoutMs: 200 });
    await busy.all(`SELECT 1`);
    const slow = busy.all(`SELECT pg_sleep(600)::text`).catch((error: unknown) => error);
    await expect(busy.all(`SELECT 1`)).rejects.toMatchObject({ code: "overloaded", status: 503, retryAfterSeconds: 1 });
    await busy.requirePlace();
    await database.all(
      `SELECT pg_cancel_backend("pid") FROM pg_stat_activity WHERE "query" = 'SELECT pg_sleep(600)::text'`,
    );
    expect(await slow).toMatchObject({ code: "storage-unavailable" });
    expect(await busy.all(`SELECT 1 AS "one"`)).toEqual([{ one: 1 }]);
    await busy.close();
  });

  it("stops a statement that takes too long, and goes on with the next", async () => {
    const hasty = new PostgresDatabase({ ...optionsOf(server), statementTimeoutMs: 50 });
    await expect(hasty.all(`SELECT pg_sleep(60)::text`)).rejects.toMatchObject({ code: "storage-unavailable" });
    expect(await hasty.all(`SELECT 1 AS "one"`)).toEqual([{ one: 1 }]);
    await hasty.close();
  });

  it("refuses what is under way when the server stands still, all else at once, and works again when it goes on", async () => {
    await database.all(`SELECT 1`);
    server.pause();
    const [read, write] = [database.all(`SELECT 1`), database.write([insert(77_777)])];
    // The first is on its way; this one waits for it, and must not be written when its caller has been refused.
    await new Promise((resolve) => setImmediate(resolve));
    const refusals = Promise.allSettled([read, write, database.write([insert(88_888)])]);
    await expect(database.requirePlace()).rejects.toMatchObject({ code: "storage-unavailable" });
    const unavailable = { reason: { code: "storage-unavailable", status: 503, retryAfterSeconds: 1 } };
    expect(await refusals).toMatchObject([unavailable, unavailable, unavailable]);
    // As the watch says after each look: only a look that finds the server ends this.
    database.setSilent(null);
    server.resume();
    await expect(database.all(`SELECT 1`)).rejects.toMatchObject(unavailable.reason);
    await expect(database.write([insert(99_999)])).rejects.toMatchObject(unavailable.reason);
    await expect
      .poll(() =>
        database.requirePlace().then(
          () => "there",
          () => "away",
        ),
      )
      .toBe("there");
    await database.write([{ sql: `SELECT 1` }]);
    expect(await ids()).not.toContain(88_888);
    expect(await ids()).not.toContain(99_999);
  });

  it("lets 32,768 reads wait, and refuses others", async () => {
    const own = new PostgresDatabase(optionsOf(server));
    await own.all(`SELECT 1`);
    server.pause();
    const waiting = Promise.allSettled(Array.from({ length: MAX_READS }, () => own.all(`SELECT 1`)));
    await expect(own.all(`SELECT 1`)).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
    await expect(own.requirePlace()).rejects.toMatchObject({ code: "storage-unavailable" });
    expect(new Set((await waiting).map(({ status }) => status))).toEqual(new Set(["rejected"]));
    server.resume();
    await own.close();
  });

  it("takes a stop of its own process for no silence: the answer is there, unread", async () => {
    await database.requirePlace();
    const look = database.requirePlace();
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    await expect(look).resolves.toBeUndefined();
  });

  it("refuses at once while it is said to be silent, whatever a look finds", async () => {
    database.setSilent(new AppError("storage-unavailable", "silent", { retryAfterSeconds: 5 }));
    await database.requirePlace();
    await expect(database.all(`SELECT 1`)).rejects.toMatchObject({ message: "silent" });
    database.setSilent(null);
    expect(await database.all(`SELECT 1 AS "one"`)).toEqual([{ one: 1 }]);
  });

  it("writes nothing later of what was refused: not without who failed, not for another's sake, not on a new connection", async () => {
    await database.write([{ sql: `DELETE FROM "t"` }, insert(1), { sql: `ALTER SEQUENCE "calls" RESTART` }]);
    const flaky = { sql: `SELECT "fail_twice"('40001')` };
    const fresh = new PostgresDatabase(optionsOf(server));
    const writeRefused = async (those: PostgresDatabase, calls: Statement[][]) => {
      server.pause();
      const refused = Promise.allSettled(calls.map((statements) => those.write(statements)));
      await those.requirePlace().catch(() => undefined);
      for (const each of await refused) expect(each).toMatchObject({ reason: { code: "storage-unavailable" } });
      server.resume();
      await expect.poll(() => those.requirePlace()).toBeUndefined();
      await those.write([{ sql: `SELECT 1` }]);
    };
    await writeRefused(database, [[insert(2)], [insert(1)]]);
    await writeRefused(database, [[insert(3), flaky]]);
    await writeRefused(fresh, [[insert(4)]]);
    await fresh.close();
    expect(await ids()).toEqual([1]);
  });

  it("survives a restart of the server: what was acknowledged is there, and nobody has to start us again", async () => {
    await database.write([{ sql: `DELETE FROM "t"` }, insert(1)]);
    await server.halt();
    await expect(database.all(`SELECT 1`)).rejects.toMatchObject({ code: "storage-unavailable", status: 503 });
    await expect(database.write([insert(2)])).rejects.toMatchObject({ code: "storage-unavailable" });
    await server.restart();
    await database.requirePlace();
    await database.write([insert(3)]);
    expect(await ids()).toEqual([1, 3]);
  });

  it("lets reads go on when the server comes back as one that takes no writes", async () => {
    await database.write([
      { sql: `CREATE FUNCTION public.pg_is_in_recovery() RETURNS BOOLEAN LANGUAGE sql AS 'SELECT true'` },
      { sql: `ALTER DATABASE "postgres" SET search_path = public, pg_catalog` },
    ]);
    await server.halt();
    await expect(database.requirePlace()).rejects.toMatchObject({ code: "storage-unavailable" });
    await server.restart();
    await expect(database.all(`SELECT 1`)).rejects.toMatchObject({ code: "storage-unavailable" });
    await expect(database.requirePlace()).rejects.toMatchObject({ code: "storage-read-only" });
    expect(await database.all(`SELECT 1 AS "one"`)).toEqual([{ one: 1 }]);
  });
});
