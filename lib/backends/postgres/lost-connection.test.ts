import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, optionsOf } from "./testing/new-storage.ts";
import { PostgresServer } from "./testing/postgres-server.ts";

const UNAVAILABLE = { code: "storage-unavailable", status: 503, retryAfterSeconds: 1 };
/** Its own connection is ended, as an administrator or a failover does. */
const END = { sql: `SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS text)` };
const LONG = { sql: `SELECT CAST(pg_sleep(600) AS text)` };
const insert = (id: number) => ({ sql: `INSERT INTO "t" VALUES (?)`, params: [id] });

describePostgres("a connection that is lost while it is in use", () => {
  let server: PostgresServer;
  let database: PostgresDatabase;
  /** What would have ended the process. */
  const uncaught: Error[] = [];
  const keep = (error: Error) => void uncaught.push(error);
  const count = async () => (await database.all<{ count: number }>(`SELECT count(*) AS "count" FROM "t"`))[0]?.count;

  beforeAll(async () => {
    server = await PostgresServer.start();
    database = new PostgresDatabase(optionsOf(server));
    await database.write([{ sql: `CREATE TABLE "t" ("id" BIGINT PRIMARY KEY)` }]);
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });
  beforeEach(() => {
    uncaught.length = 0;
    process.on("uncaughtException", keep);
  });
  afterEach(() => void process.off("uncaughtException", keep));

  it("refuses a transaction of several statements, writes nothing of it, and goes on with the next", async () => {
    await expect(database.write([insert(1), END, insert(2), insert(3)])).rejects.toMatchObject(UNAVAILABLE);
    expect(await count()).toBe(0);
    expect(uncaught).toEqual([]);
  });

  it("refuses many callers that share a transaction, and a single statement", async () => {
    const all = await Promise.allSettled([insert(1), END, insert(2)].map((each) => database.write([each])));
    expect(all).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNAVAILABLE }, { reason: UNAVAILABLE }]);
    await expect(database.write([END])).rejects.toMatchObject(UNAVAILABLE);
    await expect(database.all(END.sql)).rejects.toMatchObject(UNAVAILABLE);
    expect(await count()).toBe(0);
    expect(uncaught).toEqual([]);
  });

  it("refuses a long transaction and a long read when the server is halted, and works again after its restart", async () => {
    const other = new PostgresDatabase(optionsOf(server));
    const under = Promise.allSettled([other.all(LONG.sql), database.write([insert(1), LONG, insert(2)])]);
    const active = `SELECT count(*) AS "count" FROM pg_stat_activity WHERE "query" = ? AND "state" = 'active'`;
    await expect.poll(() => other.all(active, [LONG.sql])).toEqual([{ count: 2 }]);
    await server.halt();
    expect(await under).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNAVAILABLE }]);
    await server.restart();
    expect(await count()).toBe(0);
    await other.close();
    expect(uncaught).toEqual([]);
  });
});
