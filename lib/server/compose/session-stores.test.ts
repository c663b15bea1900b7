import { afterAll, describe, expect, it } from "vitest";
import { RedisConnection } from "../../backends/redis/redis-connection.ts";
import { RedisSessionRows } from "../../backends/redis/redis-session-rows.ts";
import { createSessionRows } from "../../backends/sqlite/session-rows.ts";
import { newStorage } from "../../backends/sqlite/testing/new-storage.ts";
import type { Yielder } from "../../ports/bounded-store.ts";
import { ENDED_FOR_MS } from "../../ports/session-rows.ts";
import { describeSessionStore, IDLE_MS } from "../../ports/session-store.contract.ts";
import type { SessionPlace } from "../../ports/shared-session-rows.ts";
import { MIB } from "../../shared/bytes.ts";
import { systemClock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { SessionPool } from "../../stores/sessions/session-pool.ts";
import { SharedSessions } from "../../stores/sessions/shared/shared-sessions.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { hasRedis, RedisServer } from "../../testing/redis-server.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { openFleet, TIME_KEY } from "./session-fleet.fixture.ts";

const yielder: Yielder = { spent: false, yield: () => Promise.resolve() };
const storage = newStorage();

describeSessionStore("the session pool over SQLite", async () => {
  const clock = new FakeClock();
  const { rows } = await storage((database) => createSessionRows(database, { maxBytes: () => 1024 * MIB }));
  const pool = new SessionPool({
    rows,
    account: new TestAccount(64 * MIB, "sessions"),
    clock,
    maxItems: 4,
    idleTimeoutMs: IDLE_MS,
    durability: "always",
    packing: true,
    hotTier: true,
    onFailure: (error) => expect.unreachable(String(error)),
  });
  return {
    store: pool,
    nowMs: () => clock.nowMs(),
    sweep: () => pool.sweep(yielder),
    async advance(byMs) {
      await pool.committed();
      clock.advance(byMs);
    },
  };
});

describe.runIf(hasRedis)("with Redis", async () => {
  const server = hasRedis ? await RedisServer.start() : null;
  const connections: RedisConnection[] = [];
  const connect = async () => {
    const redis = await RedisConnection.open({ url: server?.url ?? "", clock: systemClock, deadlineMs: 120_000 });
    connections.push(redis);
    return redis;
  };
  const redis = await connect();
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await server?.stop();
  });

  const fleet = () => openFleet(redis);

  describeSessionStore("sessions in Redis", async () => {
    const { clock, node, advance } = await fleet();
    const { store } = node(redis);
    await expect.poll(() => redis.news.isCurrent).toBe(true);
    return {
      store,
      nowMs: () => clock.nowMs(),
      sweep: () => store.sweep(yielder),
      async advance(byMs) {
        await store.tellUses();
        await advance(byMs);
      },
    };
  });

  const textOf = (store: SharedSessions, id: string) => store.read("n", id, (_, data) => Buffer.from(data).toString());
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "done",
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );
  /** Until the news are current, and the news of its creation have come. */
  const readFromCopy = async (store: SharedSessions, id: string) => {
    const { hits } = store.stats();
    const read = () => textOf(store, id).then(() => store.stats().hits);
    await expect.poll(read, { interval: 1 }).toBeGreaterThan(hits);
  };
  /** Everything in Redis but the tests' own clock. */
  const keys = async () =>
    ((await redis.call("KEYS", "*")) as Buffer[]).map(String).filter((key) => !key.startsWith(TIME_KEY));

  it("leaves no row in any index once sessions are gone, ended or expired, and counts what they took back", async () => {
    const { node, advance } = await fleet();
    const { store } = node(redis);
    for (let n = 0; n < 20; n++) {
      const terms = { tags: JSON.stringify(["all", `t${n % 3}`]), idleTimeoutMs: n % 2 ? 1_000 : 50_000 };
      const id = n % 4 === 0 ? `own-${n}`.padEnd(30, "x") : (await store.create(`n${n % 2}`, `${n}`, terms)).id;
      if (n % 4 === 0) await store.createOwn(`n${n % 2}`, id, `${n}`, terms);
      await store.patch(`n${n % 2}`, id, { n }, null, n % 5 ? {} : { tags: '["other"]' });
    }
    expect(Number(await redis.call("HGET", "headroom:kept", "sessions"))).toBeGreaterThan(20_000);
    await advance(10_000);
    await store.sweep(yielder);
    await store.deleteAll("n0", {});
    // What is left is the memory of ended own ids, which goes after a day.
    expect((await keys()).toSorted()).toEqual(["headroom:ended", "headroom:ended:n0", "headroom:kept"]);
    await advance(ENDED_FOR_MS);
    await store.sweep(yielder);
    expect(await keys()).toEqual(["headroom:kept"]);
    expect(Number(await redis.call("HGET", "headroom:kept", "sessions"))).toBe(0);
  });

  it("answers from copies, drops them when another node writes, and serves its own writes at once", async () => {
    const { node } = await fleet();
    const [a, b] = [node(redis), node(await connect())];
    const { id } = await a.store.create("n", '"1"');
    for (const { store } of [a, b]) await readFromCopy(store, id);
    for (let n = 2; n < 100; n++) {
      const [writer, other] = n % 2 ? [a, b] : [b, a];
      await writer.store.replace("n", id, `"${n}"`, null);
      expect(await textOf(writer.store, id)).toBe(`"${n}"`);
      await expect.poll(() => textOf(other.store, id), { interval: 1 }).toBe(`"${n}"`);
    }
    await a.store.delete("n", id, null);
    expect(await codeOf(textOf(a.store, id))).toBe("not-found");
    await expect.poll(() => codeOf(textOf(b.store, id)), { interval: 1 }).toBe("not-found");
    expect([a.account.grantedBytes, b.account.grantedBytes].every((bytes) => bytes < 1_000)).toBe(true);
  });

  it("extends a session by reads that another node answered from its copy", async () => {
    const { node, advance } = await fleet();
    const [a, b] = [node(redis), node(await connect())];
    const { id } = await a.store.create("n", '"1"', { idleTimeoutMs: 10_000 });
    await readFromCopy(b.store, id);
    await advance(6_000);
    await readFromCopy(b.store, id);
    await b.store.tellUses();
    await advance(6_000);
    expect(await textOf(a.store, id)).toBe('"1"');
  });

  it("has committed what it acknowledged also while Redis is away and uses are untold", async () => {
    const { node } = await fleet();
    const connection = await connect();
    const { store } = node(connection);
    const { id } = await store.create("n", '"1"');
    await textOf(store, id);
    connection.close();
    await expect.poll(() => connection.fault).not.toBe(null);
    expect(await codeOf(store.tellUses())).toBe("storage-unavailable");
    expect(await codeOf(store.committed())).toBe("done");
  });

  it("keeps no more copies than its bounds, and pays for each", async () => {
    const { node } = await fleet();
    const { store, account, usesAccount, rows } = node(redis, 3);
    await expect.poll(() => rows.isCurrent).toBe(true);
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) {
      ids.push((await store.create("n", JSON.stringify("x".repeat(n * 90_000)))).id);
      for (const id of ids) {
        await textOf(store, id);
        const { items, bytes } = store.stats();
        expect(items).toBeLessThanOrEqual(3);
        expect(bytes).toBeLessThanOrEqual(account.ceilingBytes);
      }
    }
    account.ceilingBytes = 500_000;
    for (const id of ids) expect((await textOf(store, id)).length).toBeGreaterThan(1);
    store.resize({ maxItems: 1 });
    expect(store.stats().items).toBeLessThanOrEqual(1);
    const spill = store.relief[0];
    await spill?.run(Number.POSITIVE_INFINITY, yielder);
    await store.tellUses();
    expect([store.stats().items, account.grantedBytes, usesAccount.grantedBytes]).toEqual([0, 0, 0]);
  });

  it("drops all copies when its subscriber is cut, and answers from Redis until the news are current again", async () => {
    const { node } = await fleet();
    const connection = await connect();
    const b = node(connection);
    const { id } = await b.store.create("n", '"1"');
    await readFromCopy(b.store, id);
    await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await expect.poll(() => b.store.stats().items, { interval: 1 }).toBe(0);
    expect(await textOf(b.store, id)).toBe('"1"');
    await expect.poll(() => b.rows.isCurrent).toBe(true);
  });

  it("lets Redis' time decide who lives, also on a node whose own clock is days ahead or behind", async () => {
    const { clock, time, node } = await fleet();
    const { id } = await node(redis).store.create("n", '"1"', { idleTimeoutMs: 60_000 });
    const endsAtMs = clock.nowMs() + 3_600_000;
    for (const offMs of [7 * ENDED_FOR_MS, -7 * ENDED_FOR_MS]) {
      const fresh = () => {
        const own = new FakeClock(clock.nowMs() + offMs);
        const rows = new RedisSessionRows({ redis, clock: own, maxBytes: 64 * MIB, time });
        const account = new TestAccount(4 * MIB, "sessions");
        const parts = { rows, account, usesAccount: account, clock: own };
        return new SharedSessions({ ...parts, maxItems: 4, idleTimeoutMs: IDLE_MS });
      };
      expect(await codeOf(fresh().peek("n", id, () => null))).toBe("done");
      expect(await codeOf(fresh().touch("n", id, { endsAtMs }))).toBe("done");
      expect(await codeOf(fresh().touch("n", id, { endsAtMs: clock.nowMs() - 1_000 }))).toBe("unprocessable");
    }
  });

  it("answers from copies also when they take all the memory that they may", async () => {
    const { node } = await fleet();
    const { store, account, rows } = node(redis);
    const { id } = await store.create("n", '"1"');
    await readFromCopy(store, id);
    await store.tellUses();
    expect(rows.isCurrent).toBe(true);
    account.ceilingBytes = account.grantedBytes;
    await readFromCopy(store, id);
  });

  it("remembers the last 100,000 ends of a namespace, and gives the weight of older ones back", async () => {
    const { clock, node } = await fleet();
    const { store } = node(redis);
    const nowMs = clock.nowMs();
    const fill = `for i = 1, 100000 do redis.call('ZADD', 'headroom:ended:n', ARGV[1] - i, 'key-' .. i) end`;
    await redis.call("EVAL", fill, 0, nowMs);
    const own = "own-id-0123456789-0123456789";
    const kept = async () => Number(await redis.call("HGET", "headroom:kept", "sessions"));
    const before = await kept();
    await store.createOwn("n", own, '"1"');
    await store.delete("n", own, null);
    expect(await codeOf(store.createOwn("n", own, '"1"'))).toBe("session-ended");
    expect(await redis.call("ZCARD", "headroom:ended:n")).toBe(100_000);
    expect(await redis.call("ZSCORE", "headroom:ended:n", "key-100000")).toBe(null);
    expect(await kept()).toBe(before);
  });

  it("lists what is there when Redis has evicted sessions, and forgets the places of those", async () => {
    const { node } = await fleet();
    const { store } = node(redis);
    const tags = '["t"]';
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push((await store.create("n", `${n}`, { tags })).id);
    const own = "own-id-0123456789-0123456789";
    await store.createOwn("n", own, '"own"', { tags });
    await store.createOwn("n", `${own}-2`, '"own"', { tags });
    const hashes = ((await redis.call("KEYS", "headroom:s:*")) as Buffer[]).map(String);
    const evicted = hashes.filter((hash) => !ids.slice(3).some((id) => hash.endsWith(id)));
    await redis.call("DEL", ...evicted);
    const query = { after: null, limit: 50, sort: "bytes", order: "asc" } as const;
    for (const which of [{}, { tag: "t" }, { prefix: "" }, { prefix: "own-" }]) {
      const { views } = await store.listing.listSorted("n", { ...query, ...which });
      expect(views.map(({ id }) => id).toSorted()).toEqual(which.prefix === "own-" ? [] : ids.slice(3).toSorted());
    }
    expect((await store.listing.tally("n", {})).count).toBe(3);
    expect(await store.deleteAll("n", {})).toBe(3);
    expect((await keys()).filter((key) => key !== "headroom:kept")).toEqual([]);
  });

  it("keeps no copy of what it asked for before the news were current", async () => {
    const { clock, time, node } = await fleet();
    const { store } = node(redis);
    const { id } = await store.create("n", '"1"');
    let isCurrent = false;
    class Late extends RedisSessionRows {
      override get isCurrent() {
        return isCurrent;
      }
      override async look(place: SessionPlace) {
        const row = await super.look(place);
        isCurrent = true;
        return row;
      }
    }
    const rows = new Late({ redis: await connect(), clock, maxBytes: 64 * MIB, time });
    const account = new TestAccount(4 * MIB, "sessions");
    const late = new SharedSessions({
      ...{ rows, account, usesAccount: account },
      ...{ clock, maxItems: 4, idleTimeoutMs: IDLE_MS },
    });
    expect(await textOf(late, id)).toBe('"1"');
    expect([isCurrent, late.stats().items]).toEqual([true, 0]);
    await textOf(late, id);
    expect(late.stats().items).toBe(1);
  });

  it("refuses sessions beyond HEADROOM_REDIS_MAX_MB with 507, and takes them again once others have ended", async () => {
    const { node } = await fleet();
    const { store } = node(redis, 4, 100_000);
    const ids: string[] = [];
    let refusal = "done";
    while (refusal === "done") {
      refusal = await codeOf(store.create("n", JSON.stringify("x".repeat(5_000))).then(({ id }) => ids.push(id)));
    }
    expect(refusal).toBe("storage-full");
    expect(Number(await redis.call("HGET", "headroom:kept", "sessions"))).toBeLessThanOrEqual(100_000);
    expect((await store.listing.tally("n", {})).count).toBe(ids.length);
    const [first = "", second = ""] = ids;
    expect(await codeOf(store.replace("n", first, JSON.stringify("x".repeat(50_000)), null))).toBe("storage-full");
    expect((await store.replace("n", first, '"small"', null)).version).toBe(2);
    await store.delete("n", second, null);
    expect(await codeOf(store.create("n", JSON.stringify("x".repeat(5_000))))).toBe("done");
  });

  it("refuses what grows when Redis is at its maxmemory, changes nothing by it, and still reads, touches and ends", async () => {
    const { node } = await fleet();
    const { store } = node(redis);
    const { id } = await store.create("n", '"1"');
    const own = "own-id-0123456789-0123456789";
    await store.createOwn("n", own, '"2"');
    const before = (await keys()).toSorted();
    await redis.call("CONFIG", "SET", "maxmemory", "1mb");
    const large = JSON.stringify("x".repeat(1_000));
    expect(await codeOf(store.create("n", large))).toBe("storage-full");
    expect(await codeOf(store.replace("n", id, large, null))).toBe("storage-full");
    expect(await codeOf(store.createOwn("n", `${own}-2`, large, { tags: '["t"]' }))).toBe("storage-full");
    expect(await textOf(store, id)).toBe('"1"');
    expect((await store.touch("n", id)).version).toBe(1);
    expect((await store.replace("n", id, '"3"', null)).version).toBe(2);
    expect((await keys()).toSorted()).toEqual(before);
    await store.delete("n", own, null);
    expect(await codeOf(store.createOwn("n", own, '"2"'))).not.toBe("done");
    await redis.call("CONFIG", "SET", "maxmemory", "0");
    expect(await codeOf(store.createOwn("n", own, '"2"'))).toBe("session-ended");
    expect(await store.listing.tally("n", {})).toEqual({ count: 1, bytes: 3 });
  });
});
