import { describe, expect, it } from "vitest";
import type { Yielder } from "../../ports/bounded-store.ts";
import { KIB, MIB } from "../../shared/bytes.ts";
import { AppError } from "../../shared/errors.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MapRows } from "../../testing/session-rows-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { newSessionId } from "./id-index.ts";
import { SessionPool, type SessionPoolOptions } from "./session-pool.ts";
import { QUEUE_BYTES } from "./write-queue.ts";

const yielder: Yielder = { spent: false, yield: () => Promise.resolve() };
const NS = "default";

function setUp(overrides: Partial<SessionPoolOptions> = {}) {
  const clock = new FakeClock();
  const rows = new MapRows();
  const account = new TestAccount(64 * MIB, "sessions");
  const failures: unknown[] = [];
  const pool = new SessionPool({
    rows,
    account,
    clock,
    maxItems: 3,
    idleTimeoutMs: 1_800_000,
    durability: "everysec",
    packing: true,
    hotTier: true,
    onFailure: (error) => failures.push(error),
    ...overrides,
  });
  return { clock, rows, account, pool, failures };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  const resolvers: (() => void)[] = [];
  const promise = new Promise<void>((resolve) => resolvers.push(resolve));
  return { promise, resolve: () => resolvers.pop()?.() };
}

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "fulfilled",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

describe("SessionPool", () => {
  it("keeps the sessions used last, spills the others, and gives every one back with its data", async () => {
    const { pool, clock } = setUp();
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) {
      ids.push((await pool.create(NS, JSON.stringify({ i }))).id);
      expect(pool.stats().items).toBeLessThanOrEqual(3);
    }
    clock.advance(300);
    for (const [i, id] of ids.entries()) {
      expect(await pool.get(NS, id)).toMatchObject({ text: JSON.stringify({ i }), view: { version: 1 } });
      expect(pool.stats()).toMatchObject({ items: 3, spilledItems: 7 });
    }
  });

  it("answers from the queue for a session that is pushed out before it is committed", async () => {
    const { pool, rows } = setUp({ maxItems: 1 });
    const first = await pool.create(NS, '{"n":1}');
    await pool.create(NS, '{"n":2}');
    expect(rows.rows.size).toBe(0);
    expect((await pool.get(NS, first.id)).text).toBe('{"n":1}');
    expect(rows.reads).toBe(0);
  });

  it("lets one of two writers who name the same version win", async () => {
    const { pool } = setUp();
    const { id } = await pool.create(NS, '{"n":0}');
    const results = await Promise.allSettled([
      pool.replace(NS, id, '{"n":1}', { match: [["1"]], noneMatch: [] }),
      pool.replace(NS, id, '{"n":2}', { match: [["1"]], noneMatch: [] }),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await pool.get(NS, id)).view.version).toBe(2);
  });

  it("loses no update of 200 that merge into one session while others push it out", async () => {
    const { pool } = setUp({ maxItems: 1 });
    const { id } = await pool.create(NS, "{}");
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        if (i % 3 === 0) await pool.create(NS, "{}");
        await pool.patch(NS, id, { [`k${i}`]: i }, null);
      }),
    );
    const { text, view } = await pool.get(NS, id);
    expect([Object.keys(JSON.parse(text)).length, view.version]).toEqual([200, 201]);
  });

  it("slides the timeout with a use, expires without one, and deletes the row", async () => {
    const { pool, clock, rows } = setUp();
    const used = await pool.create(NS, "1", { idleTimeoutMs: 10_000 });
    const left = await pool.create(NS, "2", { idleTimeoutMs: 10_000 });
    clock.advance(9_999);
    await pool.touch(NS, used.id);
    clock.advance(9_999);
    expect(await code(pool.get(NS, used.id))).toBe("fulfilled");
    expect(await code(pool.get(NS, left.id))).toBe("not-found");
    clock.advance(120_000);
    await pool.sweep(yielder);
    expect([rows.rows.size, pool.stats().items, pool.stats().expirations]).toEqual([0, 0, 2]);
  });

  it("expires a spilled session on time though its row is still there", async () => {
    const { pool, clock, rows } = setUp({ maxItems: 1 });
    const { id } = await pool.create(NS, "1", { idleTimeoutMs: 10_000 });
    await pool.create(NS, "2");
    clock.advance(10_000);
    await new Promise(setImmediate);
    expect(rows.rows.has(id)).toBe(true);
    expect(await code(pool.get(NS, id))).toBe("not-found");
  });

  it("T64: is not moved by the wall clock, in memory or spilled", async () => {
    const { pool, clock } = setUp({ maxItems: 1 });
    const spilled = await pool.create(NS, "1", { idleTimeoutMs: 60_000 });
    const resident = await pool.create(NS, "2", { idleTimeoutMs: 60_000 });
    clock.jumpWall(3_600_000);
    clock.advance(30_000);
    expect(await code(pool.touch(NS, resident.id))).toBe("fulfilled");
    expect(await code(pool.touch(NS, spilled.id))).toBe("fulfilled");
    clock.jumpWall(-7_200_000);
    clock.advance(60_000);
    expect(await code(pool.get(NS, resident.id))).toBe("not-found");
    expect(await code(pool.get(NS, spilled.id))).toBe("not-found");
  });

  it("keeps everything over a clean restart, the last uses too, and counts the time while it was down", async () => {
    const { pool, rows, clock } = setUp();
    const ids: string[] = [];
    for (let i = 0; i < 8; i++) ids.push((await pool.create(NS, `${i}`, { idleTimeoutMs: 100_000 })).id);
    clock.advance(60_000);
    await pool.touch(NS, ids[7] ?? "");
    await pool.upkeep.close();
    const next = setUp({ rows, clock });
    await next.pool.upkeep.start();
    expect(next.pool.stats()).toMatchObject({ items: 0, spilledItems: 8 });
    clock.jumpWall(60_000);
    const later = setUp({ rows, clock });
    expect((await later.pool.get(NS, ids[7] ?? "")).text).toBe("7");
    expect(await code(later.pool.get(NS, ids[6] ?? ""))).toBe("not-found");
  });

  it("keeps namespaces apart and never adopts an id that it did not make", async () => {
    const { pool } = setUp();
    const { id } = await pool.create("a", "1");
    const own = "A".repeat(43);
    for (const stranger of [id, own, "x", "__proto__"]) {
      expect(await code(pool.get("b", stranger))).toBe("not-found");
      expect(await code(pool.replace("b", stranger, "2", null))).toBe("not-found");
      expect(await code(pool.patch("b", stranger, { a: 1 }, null))).toBe("not-found");
      expect(await code(pool.touch("b", stranger))).toBe("not-found");
      expect(await code(pool.delete("b", stranger, null))).toBe("not-found");
    }
    expect((await pool.get("a", id)).text).toBe("1");
    expect(pool.stats().items).toBe(1);
  });

  it("lists each live session of the namespace once, the newest first, over pages", async () => {
    const { pool, clock } = setUp();
    const ids: string[] = [];
    for (let i = 0; i < 9; i++) {
      ids.unshift((await pool.create(NS, `${i}`)).id);
      clock.advance(1);
    }
    await pool.create("other", "1");
    await pool.delete(NS, ids.pop() ?? "", null);
    const listed: string[] = [];
    for (let after = null as { createdAtMs: number; id: string } | null; ; ) {
      const page = await pool.listing.list(NS, after, 3);
      expect(page.views.length).toBeLessThanOrEqual(3);
      listed.push(...page.views.map((session) => session.id));
      after = page.next;
      if (!after) break;
    }
    expect(listed).toEqual(ids);
  });

  it("tells sessions for an export each with the version of its data, though it is changed while they are told", async () => {
    const { pool, clock } = setUp();
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      ids.unshift((await pool.create(NS, `{"i":${i}}`)).id);
      clock.advance(1);
    }
    const [first = "", changed = "", deleted = "", committed = "", queued = "", used = ""] = ids;
    const told = pool.listing.peekAll(NS);
    expect((await told.next()).value).toMatchObject({ view: { id: first, version: 1 }, text: '{"i":5}' });
    await pool.replace(NS, changed, '{"i":"newer"}', null);
    await pool.delete(NS, committed, null);
    clock.advance(1_000);
    await pool.listing.list(NS, null, 1);
    // These wait in the queue.
    await pool.delete(NS, deleted, null);
    await pool.replace(NS, queued, '{"i":"newest"}', null);
    await pool.touch(NS, used);
    const usedAtMs = pool.memory.nowMs();
    const rest = [];
    for await (const { view, text } of told) rest.push([view.id, view.version, view.bytes, text, view.lastUsedAtMs]);
    expect(rest).toEqual([
      [changed, 2, 13, '{"i":"newer"}', expect.any(Number)],
      [queued, 2, 14, '{"i":"newest"}', usedAtMs],
      [used, 1, 7, '{"i":0}', usedAtMs],
    ]);
  });

  it("tells no session for an export whose deletion is acknowledged, or whose time is up, while its row is read", async () => {
    const { pool, rows, clock } = setUp({ idleTimeoutMs: 1_000 });
    await pool.create(NS, '{"i":0}');
    clock.advance(1);
    const { id } = await pool.create(NS, '{"i":1}');
    clock.advance(1);
    await pool.create(NS, '{"i":2}');
    const get = rows.get.bind(rows);
    const told = pool.listing.peekAll(NS);
    expect((await told.next()).value).toMatchObject({ text: '{"i":2}' });
    rows.get = async (asked) => {
      const row = await get(asked);
      if (asked === id) await pool.delete(NS, id, null);
      else clock.advance(1_000);
      return row;
    };
    expect(await told.next()).toEqual({ done: true, value: undefined });
  });

  it("puts in a session with its past: nothing outlives its time, no clock ahead of ours adds to it, and one that is there is replaced", async () => {
    const { pool, clock } = setUp();
    const [id, ahead, over] = ["a", "b", "c"].map((letter) => `${letter.repeat(42)}A`) as [string, string, string];
    clock.advance(10_000);
    const nowMs = pool.memory.nowMs();
    const past = { createdAtMs: nowMs - 9_000, lastUsedAtMs: nowMs - 1_000, version: 7 };
    const view = { ...past, idleTimeoutMs: 2_000, expiresAtMs: nowMs + 1_000 };
    expect(await pool.put(id, NS, "{}", { idleTimeoutMs: 2_000 }, past)).toMatchObject(view);
    expect((await pool.listing.peekAll(NS).next()).value).toMatchObject({ view, text: "{}" });
    const future = { createdAtMs: nowMs + 5_000, lastUsedAtMs: nowMs + 9_000, version: 1 };
    expect(await pool.put(ahead, NS, "{}", { idleTimeoutMs: 2_000 }, future)).toMatchObject({
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
    });
    await expect(pool.put(over, NS, "{}", { idleTimeoutMs: 1_000 }, past)).rejects.toMatchObject({
      code: "validation-failed",
    });
    await expect(pool.get(NS, over)).rejects.toMatchObject({ code: "not-found" });
    expect(await pool.put(id, NS, "1", { idleTimeoutMs: 2_000 }, past)).toMatchObject({
      version: 8,
      createdAtMs: past.createdAtMs,
    });
  });

  it("acknowledges nothing before the commit in `always`, and commits many writers together", async () => {
    const { pool, rows } = setUp({ durability: "always", maxItems: 100 });
    const views = await Promise.all(Array.from({ length: 50 }, (_, i) => pool.create(NS, `${i}`)));
    expect(views.every((view) => rows.rows.has(view.id))).toBe(true);
    expect(rows.commits).toBeLessThanOrEqual(3);
    await pool.delete(NS, views[0]?.id ?? "", null);
    expect(rows.rows.has(views[0]?.id ?? "")).toBe(false);
  });

  it("begins a commit within half a second in `everysec`, and writes what changed again meanwhile once", async () => {
    const { pool, rows, clock } = setUp();
    const { id } = await pool.create(NS, "1");
    for (let i = 2; i < 6; i++) {
      clock.advance(100);
      await pool.replace(NS, id, `${i}`, null);
    }
    expect(rows.rows.has(id)).toBe(false);
    clock.advance(100);
    await new Promise(setImmediate);
    expect(rows.rows.get(id)).toMatchObject({ version: 5 });
    expect(rows.commits).toBe(1);
  });

  it("begins the next commit half a second after its own first change, however long the one before it took", async () => {
    const { pool, rows, clock } = setUp();
    const slow = deferred();
    rows.gate = slow.promise;
    await pool.create(NS, "1");
    clock.advance(500);
    await new Promise(setImmediate);
    const { id } = await pool.create(NS, "2");
    clock.advance(400);
    rows.gate = null;
    slow.resolve();
    await new Promise(setImmediate);
    clock.advance(99);
    await new Promise(setImmediate);
    expect(rows.rows.has(id)).toBe(false);
    clock.advance(1);
    await new Promise(setImmediate);
    expect(rows.rows.has(id)).toBe(true);
  });

  it("saves a last use within 750 ms, and a session in use all the time once in that time", async () => {
    const { pool, rows, clock } = setUp();
    await pool.upkeep.start();
    const { id } = await pool.create(NS, "1");
    const savedAtMs = () => rows.rows.get(id)?.lastUsedAtMs ?? Number.NEGATIVE_INFINITY;
    for (let at = 0; at < 300; at++) {
      clock.advance(10);
      await pool.touch(NS, id);
      await new Promise(setImmediate);
      if (at > 75) expect(clock.nowMs() - savedAtMs()).toBeLessThanOrEqual(760);
    }
    // 3 s: the creation, and a use each 750 ms.
    expect(rows.commits).toBeLessThanOrEqual(6);
    await pool.upkeep.close();
    expect(savedAtMs()).toBe(clock.nowMs());
  });

  it("holds at most 8 MiB of changes: more writers wait, and go on when the database does", async () => {
    const { pool, rows } = setUp({ maxItems: 1 });
    const gate = deferred();
    rows.gate = gate.promise;
    const data = JSON.stringify("x".repeat(500_000));
    let done = 0;
    const writers = Array.from({ length: 40 }, () => pool.create(NS, data).then(() => done++));
    for (let turn = 0; turn < 50; turn++) {
      await new Promise(setImmediate);
      expect(pool.queuedBytes).toBeLessThanOrEqual(QUEUE_BYTES);
    }
    expect(done).toBe(16);
    rows.gate = null;
    gate.resolve();
    await Promise.all(writers);
    await pool.upkeep.close();
    expect([done, rows.rows.size, pool.queuedBytes]).toEqual([40, 40, 0]);
  });

  it("tells a writer that waited 5 s for a stalled database to come again", async () => {
    const { pool, rows, clock } = setUp();
    rows.gate = deferred().promise;
    const data = JSON.stringify("x".repeat(900_000));
    const writers = Array.from({ length: 12 }, () => code(pool.create(NS, data)));
    await new Promise(setImmediate);
    clock.advance(5_000);
    const codes = await Promise.all(writers);
    expect(codes.filter((each) => each === "storage-unavailable").length).toBe(3);
  });

  it("acknowledges no change once it is known that the database is gone, and reads on", async () => {
    let storageFault: AppError | null = null;
    const { pool, rows } = setUp({ storageFault: () => storageFault });
    const { id } = await pool.create(NS, '"kept"');
    await pool.committed();
    storageFault = new AppError("storage-unavailable", "The database's file was moved or deleted.");
    const refused = [pool.create(NS, "1"), pool.replace(NS, id, "2", null), pool.delete(NS, id, null)];
    expect(await Promise.all(refused.map(code))).toEqual(refused.map(() => "storage-unavailable"));
    expect(await pool.get(NS, id)).toMatchObject({ text: '"kept"' });
    expect(rows.rows.size).toBe(1);
    storageFault = null;
    await pool.delete(NS, id, null);
  });

  it("does not acknowledge a removal that commits fail to keep: it would come back with the next start", async () => {
    const { pool, rows } = setUp();
    const { id } = await pool.create(NS, "1");
    await pool.committed();
    rows.failure = new AppError("storage-unavailable", "gone");
    await pool.create(NS, "2");
    await pool.committed().catch(() => undefined);
    expect(await code(pool.delete(NS, id, null))).toBe("storage-unavailable");
    rows.failure = null;
    await pool.committed();
    await pool.delete(NS, id, null);
  });

  it("answers storage-full when the quota is used up or the disk is full, reads on, and recovers", async () => {
    const { pool, rows, clock, failures } = setUp();
    const { id } = await pool.create(NS, "1");
    await pool.upkeep.close();
    rows.room = 100;
    expect(await code(pool.create(NS, "2"))).toBe("storage-full");
    rows.room = Number.POSITIVE_INFINITY;
    rows.failure = new AppError("storage-full", "no room");
    const last = await pool.create(NS, "3");
    clock.advance(500);
    await new Promise(setImmediate);
    expect(failures.length).toBe(1);
    expect(await code(pool.create(NS, "4"))).toBe("storage-full");
    expect((await pool.get(NS, id)).text).toBe("1");
    rows.failure = null;
    clock.advance(500);
    await new Promise(setImmediate);
    expect(rows.rows.has(last.id)).toBe(true);
    expect(await code(pool.create(NS, "5"))).toBe("fulfilled");
  });

  it("refuses data over 1 MiB or over the store itself, and leaves what was there", async () => {
    const { pool } = setUp({ account: new TestAccount(512 * KIB, "sessions") });
    const { id } = await pool.create(NS, '"kept"');
    expect(await code(pool.replace(NS, id, JSON.stringify("x".repeat(MIB)), null))).toBe("item-too-large");
    expect(await code(pool.replace(NS, id, JSON.stringify("x".repeat(600_000)), null))).toBe("item-too-large");
    expect(await code(pool.patch(NS, id, { x: "x".repeat(600_000) }, null))).toBe("item-too-large");
    expect(await pool.get(NS, id)).toMatchObject({ text: '"kept"', view: { version: 1 } });
    expect(pool.stats().rejections).toBe(3);
  });

  it("serves a session from its row when the ledger grants no memory at all", async () => {
    const { pool, rows } = setUp();
    const { id } = await pool.create(NS, '"here"');
    await pool.upkeep.close();
    const starved = setUp({ rows, account: new TestAccount(2 * KIB, "sessions") });
    expect((await starved.pool.get(NS, id)).text).toBe('"here"');
    expect(await code(starved.pool.replace(NS, id, "2", null))).toBe("memory-pressure");
  });

  it("packs what is idle though the oldest value is always in use", async () => {
    const { pool, clock } = setUp({ maxItems: 100 });
    const busy = await pool.create(NS, JSON.stringify("busy ".repeat(200)));
    for (let i = 0; i < 40; i++) await pool.create(NS, JSON.stringify(`${i} idle `.repeat(200)));
    for (let i = 0; i < 12; i++) {
      clock.advance(500);
      await pool.touch(NS, busy.id);
      await pool.upkeep.tick();
    }
    expect(pool.memory.table.values.unpackedItems).toBe(1);
  });

  it("inflates a packed session once for all who read it again, unless more than 2 MiB is ready already", async () => {
    const { pool } = setUp({ maxItems: 100 });
    const { id } = await pool.create(NS, JSON.stringify("a turn of the talk ".repeat(100)));
    const isPacked = () => pool.memory.table.values.isPacked(pool.memory.find(id));
    await pool.memory.packIdle(100, 0);
    expect(isPacked()).toBe(true);
    const { text } = await pool.get(NS, id);
    expect([isPacked(), (await pool.get(NS, id)).text]).toEqual([false, text]);
    await pool.memory.packIdle(100, 0);
    for (let i = 0; i < 40; i++) await pool.create(NS, JSON.stringify(`${i} of many `.repeat(6_000)));
    expect([(await pool.get(NS, id)).text, isPacked()]).toEqual([text, true]);
  });

  it("counts room that stood empty before under the compacting step alone", async () => {
    const { pool, clock } = setUp({ maxItems: 400, packing: false });
    const ids: string[] = [];
    for (let at = 0; at < 400; at++)
      ids.push((await pool.create(NS, JSON.stringify({ at, text: "x".repeat(2_000) }))).id);
    clock.advance(2_000);
    for (const id of ids.filter((_, at) => at % 10 === 0)) await pool.delete(NS, id, null);
    const run = (kind: string) =>
      pool.relief.find((step) => step.kind === kind)?.run(Number.POSITIVE_INFINITY, yielder);
    expect(await run("expire")).toEqual({ items: 0, freedBytes: 0 });
    expect((await run("compact"))?.freedBytes).toBeGreaterThan(50_000);
  });

  it("frees what each relief step predicts, within 15 %, and loses no session by it", async () => {
    const { pool, clock } = setUp({ maxItems: 4_000 });
    const text = (i: number) =>
      JSON.stringify({ i, notes: Array.from({ length: 30 }, (_, k) => `note ${k} of user ${i}`) });
    const ids: string[] = [];
    for (let i = 0; i < 4_000; i++)
      ids.push((await pool.create(NS, text(i), { idleTimeoutMs: i % 4 === 0 ? 1_000 : 1_800_000 })).id);
    clock.advance(2_000);
    await new Promise(setImmediate);
    // Learn how well they pack before that is predicted.
    await pool.memory.packIdle(100, 0);
    for (const step of pool.relief) {
      const predicted = step.predict(Number.POSITIVE_INFINITY);
      const before = pool.memory.heldBytes;
      const freed = await step.run(Number.POSITIVE_INFINITY, yielder);
      expect(freed.freedBytes).toBe(before - pool.memory.heldBytes);
      expect(Math.abs(predicted.freedBytes - freed.freedBytes), step.kind).toBeLessThanOrEqual(
        0.15 * freed.freedBytes + 32 * KIB,
      );
    }
    expect(pool.stats().items).toBe(0);
    for (let i = 1; i < 4_000; i += 371)
      expect(await code(pool.get(NS, ids[i] ?? ""))).toBe(i % 4 === 0 ? "not-found" : "fulfilled");
  });

  it("counts no look-up for 2,000 sessions that are put in, new or there already", async () => {
    const { pool } = setUp();
    for (let i = 0; i < 2_000; i++) await pool.put(newSessionId(), "a", "{}");
    const id = newSessionId();
    await pool.put(id, "a", "{}");
    await pool.put(id, "a", "{}");
    expect(pool.stats()).toMatchObject({ hits: 0, misses: 0 });
    await pool.get("a", id);
    expect(pool.stats()).toMatchObject({ hits: 1, misses: 0 });
  });
});

describe("touch with always", () => {
  it("is acknowledged once its use is in the database, however many uses wait before it", async () => {
    const { pool, rows, clock } = setUp({ durability: "always", maxItems: 5_000 });
    const ids: string[] = [];
    for (let made = 0; made < 2_100; made++) ids.push((await pool.create(NS, "{}")).id);
    clock.advance(5_000);
    for (const id of ids.slice(0, -1)) await pool.get(NS, id);
    const last = ids.at(-1) ?? "";
    const { lastUsedAtMs } = await pool.touch(NS, last);
    expect(rows.rows.get(last)?.lastUsedAtMs).toBe(lastUsedAtMs);
  });

  it("fails while the database cannot be written", async () => {
    const { pool, rows } = setUp({ durability: "always" });
    const { id } = await pool.create(NS, "{}");
    rows.failure = new AppError("storage-unavailable", "the disk is gone");
    await expect(pool.touch(NS, id)).rejects.toMatchObject({ code: "storage-unavailable" });
  });
});
