import { expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { SessionPool } from "./session-pool.ts";

function setUp(maxItems: number) {
  const clock = new FakeClock();
  const rows = new MapRows();
  const pool = new SessionPool({
    rows,
    account: new TestAccount(16 * MIB, "sessions"),
    clock,
    maxItems,
    idleTimeoutMs: 60_000,
    durability: "always",
    packing: true,
    hotTier: true,
    onFailure: (error) => expect.unreachable(String(error)),
  });
  return { clock, rows, pool };
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  const resolvers: ((value: Value) => void)[] = [];
  const promise = new Promise<Value>((resolve) => resolvers.push(resolve));
  return { promise, resolve: (value) => resolvers.pop()?.(value) };
}

const idOf = (user: string, n: number): string => `${user}:session-0123456789-${n}`;

it("ends all sessions of a prefix, in memory or not, and brings none of them into memory", async () => {
  const { pool, rows } = setUp(3);
  for (let n = 0; n < 250; n++) await pool.createOwn("a", idOf("ada", n), `${n}`);
  await pool.createOwn("a", idOf("ben", 0), '"stays"');
  await pool.createOwn("b", idOf("ada", 0), '"elsewhere"');
  expect(await pool.listing.tally("a", "ada:")).toMatchObject({ count: 250 });
  rows.reads = 0;
  expect(await pool.deleteAll("a", "ada:")).toBe(250);
  expect([rows.reads, pool.stats().items]).toEqual([0, 2]);
  expect(await pool.deleteAll("a", "ada:")).toBe(0);
  expect(await pool.listing.tally("a", "")).toEqual({ count: 1, bytes: 7 });
  await expect(pool.createOwn("a", idOf("ada", 9), "1")).rejects.toMatchObject({ code: "session-ended" });
  expect((await pool.get("b", idOf("ada", 0))).text).toBe('"elsewhere"');
  expect(pool.stats().spilledItems).toBe(0);
});

it("lets no read that is under way bring an ended session back", async () => {
  const { pool, rows } = setUp(1);
  const { id } = await pool.create("a", "1");
  await pool.create("a", "2");
  const stored = await rows.get(id);
  const read = deferred<typeof stored>();
  const commit = deferred<void>();
  rows.get = (key) => (key === id ? read.promise : Promise.resolve(null));
  const reading = pool.get("a", id);
  rows.gate = commit.promise;
  const ending = pool.deleteAll("a", "");
  await expect.poll(() => pool.queuedBytes).toBeGreaterThan(1_000);
  read.resolve(stored);
  await expect(reading).rejects.toMatchObject({ code: "not-found" });
  commit.resolve();
  expect(await ending).toBe(2);
  expect(pool.stats().items).toBe(0);
});

it("looks at a session without a use of it, in memory or in its row", async () => {
  const { pool, clock } = setUp(1);
  const { id, expiresAtMs } = await pool.createOwn("a", idOf("ada", 0), "1");
  const look = () => pool.peek("a", id, (view, data) => [view.id, view.expiresAtMs, Buffer.from(data).toString()]);
  clock.advance(50_000);
  expect(await look()).toEqual([id, expiresAtMs, "1"]);
  await pool.create("a", "2");
  expect(await look()).toEqual([id, expiresAtMs, "1"]);
  expect(pool.stats()).toMatchObject({ items: 1, hits: 0, misses: 0 });
  clock.advance(10_000);
  await expect(look()).rejects.toMatchObject({ code: "not-found" });
});
