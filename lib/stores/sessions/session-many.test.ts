import { expect, it } from "vitest";
import type { SortedSessionPage } from "../../ports/session-store.ts";
import { MIB } from "../../shared/bytes.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { SessionPool } from "./session-pool.ts";

function setUp(maxItems: number, account = new TestAccount(16 * MIB, "sessions")) {
  const clock = new FakeClock();
  const rows = new MapRows();
  const pool = new SessionPool({
    rows,
    account,
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
  expect(await pool.listing.tally("a", { prefix: "ada:" })).toMatchObject({ count: 250 });
  rows.reads = 0;
  expect(await pool.deleteAll("a", { prefix: "ada:" })).toBe(250);
  expect([rows.reads, pool.stats().items]).toEqual([0, 2]);
  expect(await pool.deleteAll("a", { prefix: "ada:" })).toBe(0);
  expect(await pool.listing.tally("a", {})).toEqual({ count: 1, bytes: 7 });
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
  const ending = pool.deleteAll("a", {});
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

it("finds and ends the sessions of a tag, as the last change of each left them, in memory or not", async () => {
  const { pool, rows } = setUp(3);
  const tags = '["user:ada"]';
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) ids.push((await pool.create("a", `${n}`, { tags })).id);
  const [first = "", second = "", third = ""] = ids;
  // One is tagged later, one no more; data that are replaced keep them.
  const late = await pool.create("a", '"late"');
  await pool.patch("a", late.id, undefined, null, { tags: '["user:ben","user:ada"]' });
  await pool.replace("a", first, "1", null, { tags: "" });
  expect((await pool.replace("a", second, "2", null)).tags).toBe(tags);
  await pool.delete("a", third, null);
  expect(await pool.listing.tally("a", { tag: "user:ada" })).toMatchObject({ count: 7 });
  const listed = await pool.listing.list("a", null, 10, { tag: "user:ben" });
  expect(listed.views.map(({ id, tags: all }) => [id, all])).toEqual([[late.id, '["user:ben","user:ada"]']]);
  rows.reads = 0;
  expect(await pool.deleteAll("a", { tag: "user:ada" })).toBe(7);
  expect(rows.reads).toBe(0);
  expect((await pool.get("a", first)).view.tags).toBe("");
  expect(pool.memory.table.tags.heldBytes).toBe(0);
});

it("keeps data and tags as they were when memory has no room for new ones", async () => {
  const account = new TestAccount(64 * 1_024, "sessions");
  const { pool } = setUp(3, account);
  const { id } = await pool.create("a", "1", { tags: '["kept"]' });
  const hold = account.tryReserve.bind(account);
  account.tryReserve = (bytes) => bytes < 200 && hold(bytes);
  const large = JSON.stringify(["t".repeat(128), "u".repeat(128)]);
  for (const change of [
    pool.replace("a", id, "2", null, { tags: large }),
    pool.patch("a", id, 2, null, { tags: large }),
  ])
    await expect(change).rejects.toMatchObject({ code: "memory-pressure" });
  account.tryReserve = hold;
  const { view, text } = await pool.get("a", id);
  expect([text, view.version, view.tags]).toEqual(["1", 1, '["kept"]']);
  expect(pool.memory.heldBytes + pool.queuedBytes).toBe(account.grantedBytes);
});

it("lists by size and by last use as they are now, over pages, each session once", async () => {
  const { pool, clock } = setUp(3);
  const ids: string[] = [];
  for (let n = 0; n < 7; n++) {
    ids.push((await pool.create("a", JSON.stringify("x".repeat(n % 3)))).id);
    clock.advance(1);
  }
  // The first is in its row alone, and is read last.
  await pool.get("a", ids[0] ?? "");
  const pages = async (sort: "bytes" | "lastUsedAt", order: "asc" | "desc") => {
    const listed: [string, number][] = [];
    for (let after: readonly [number, string] | null = null; ; ) {
      const page: SortedSessionPage = await pool.listing.listSorted("a", { sort, order, after, limit: 3 });
      listed.push(...page.views.map(({ id, bytes }): [string, number] => [id, bytes]));
      after = page.next;
      if (after === null) return listed;
    }
  };
  const byUse = (await pages("lastUsedAt", "desc")).map(([id]) => id);
  expect(byUse).toEqual([ids[0], ...ids.slice(1).reverse()]);
  expect((await pages("lastUsedAt", "asc")).map(([id]) => id)).toEqual(byUse.toReversed());
  const bySize = await pages("bytes", "desc");
  expect(bySize.map(([, bytes]) => bytes)).toEqual([4, 4, 3, 3, 2, 2, 2]);
  expect(bySize.map(([id]) => id).sort()).toEqual(ids.toSorted());
});

it("ends no session that lost its tag after it was listed, in memory or not", async () => {
  const { pool, rows } = setUp(2);
  const tags = '["t"]';
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push((await pool.create("a", `${n}`, { tags })).id);
  const [spilled = "", , , resident = ""] = ids;
  const list = rows.list.bind(rows);
  rows.list = async (namespace, query) => {
    const page = await list(namespace, query);
    for (const id of [spilled, resident]) await pool.patch("a", id, undefined, null, { tags: "" });
    return page;
  };
  expect(await pool.deleteAll("a", { tag: "t" })).toBe(2);
  expect([(await pool.get("a", spilled)).text, (await pool.get("a", resident)).text]).toEqual(["0", "3"]);
});
