import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadRedis } from "../../backends/redis/redis-client.ts";
import { RedisConnection } from "../../backends/redis/redis-connection.ts";
import { RedisResponses } from "../../backends/redis/redis-responses.ts";
import { MOST_LEASES } from "../../backends/redis/response-lua.ts";
import { KEPT_KEY, readKept } from "../../backends/redis/shared-room.ts";
import type { SharedPut } from "../../ports/shared-responses.ts";
import { runCacheBatch } from "../../services/run-cache-batch.ts";
import { systemClock } from "../../shared/clock.ts";
import { FleetCache } from "../../stores/responses/fleet-cache.ts";
import { fullKey } from "../../stores/responses/namespace-scan.ts";
import { ResponseCache } from "../../stores/responses/response-cache.ts";
import { asHit, bodyOf, cacheCaller } from "../../testing/cache-caller.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { hasRedis, RedisServer } from "../../testing/redis-server.ts";
import { TestAccount } from "../../testing/test-account.ts";

const onFailure = (error: unknown) => expect.unreachable(String(error));
const PATIENCE = { timeout: 60_000, interval: 2 };
const MAX_BYTES = 2_000_000;

const putOf = (key: string, more: Partial<SharedPut> = {}): SharedPut => ({
  namespace: "n",
  key,
  bytes: Buffer.from("x"),
  encoding: "identity",
  etag: '"e"',
  identityTag: '"e"',
  identityBytes: 1,
  mediaType: "text/plain",
  tags: "",
  meta: "",
  freshMs: 60_000,
  staleMs: 0,
  lease: undefined,
  condition: null,
  ...more,
});

describe.runIf(hasRedis)("a response cache on Redis", () => {
  let server: RedisServer;
  const connections: RedisConnection[] = [];

  const connect = () => RedisConnection.open({ url: server.url, clock: systemClock, deadlineMs: 120_000 });
  beforeAll(async () => {
    server = await RedisServer.start();
    connections.push(await connect(), await connect());
  });
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await server.stop();
  });
  beforeEach(async () => void (await redisOf(0).call("FLUSHALL")));

  function redisOf(at: number): RedisConnection {
    const connection = connections[at];
    if (!connection) throw new Error(`there is no connection ${at}`);
    return connection;
  }

  function open(at: number, clock: FakeClock) {
    const shared = new RedisResponses({ redis: redisOf(at), maxBytes: MAX_BYTES, nowMs: () => clock.nowMs() });
    const common = { clock, ttlMs: 300_000, maxBodyBytes: 1_000_000, decoders: new TestAccount() };
    const near = new ResponseCache({
      ...common,
      maxItems: 100,
      maxBytes: 4_000_000,
      policy: "lru",
      createYielder: () => ({ spent: false, yield: () => Promise.resolve() }),
      account: new TestAccount(),
    });
    const cache = new FleetCache({
      ...common,
      near,
      shared,
      usesAccount: new TestAccount(),
      onFailure,
    });
    return { cache, near, shared, caller: cacheCaller(cache) };
  }

  const operation = fc.record({
    node: fc.constantFrom(0, 1),
    do: fc.constantFrom("put", "put", "put", "get", "get", "delete", "purge", "stale", "advance"),
    key: fc.constantFrom("a/1", "a/2", "b/1"),
    tag: fc.constantFrom("red", "blue"),
    by: fc.integer({ min: 1, max: 40_000 }),
  });

  it("gives on every node what a map would, whatever two of them do in turn", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        await redisOf(0).call("FLUSHALL");
        const clock = new FakeClock();
        const nodes = [open(0, clock), open(1, clock)] as const;
        const model = new Map<string, { text: string; tag: string; freshUntilMs: number; endsMs: number }>();
        const live = (key: string) => {
          const entry = model.get(key);
          return entry && entry.endsMs > clock.nowMs() ? entry : undefined;
        };
        const expected = (key: string) => {
          const entry = live(key);
          return entry ? [entry.text, entry.freshUntilMs <= clock.nowMs()] : "miss";
        };
        const actual = async (node: 0 | 1, key: string) => {
          const found = await nodes[node].caller.get(key);
          return found.outcome === "hit" ? [bodyOf(found), found.isStale] : found.outcome;
        };
        for (const [turn, { node, do: what, key, tag, by }] of operations.entries()) {
          const { cache, caller } = nodes[node];
          const selected = [...model.keys()].filter((one) => live(one)?.tag === tag);
          if (what === "put") {
            const [text, nowMs] = [`turn ${turn}`, clock.nowMs()];
            const outcome = await caller.put(key, text, { tags: [tag], maxAgeMs: by, staleMs: 10_000 });
            expect(outcome).toBe(live(key) ? "replaced" : "added");
            model.set(key, { text, tag, freshUntilMs: nowMs + by, endsMs: nowMs + by + 10_000 });
          }
          if (what === "delete") expect(await cache.delete("n", key)).toBe(live(key) !== undefined);
          if (what === "delete") model.delete(key);
          if (what === "purge") expect(await cache.purge("n", { tags: [tag] })).toBe(selected.length);
          if (what === "purge") for (const one of selected) model.delete(one);
          if (what === "stale") {
            expect(await cache.markStale("n", { tags: [tag] })).toBe(selected.length);
            for (const one of selected) {
              const entry = model.get(one);
              if (entry) entry.freshUntilMs = Math.min(entry.freshUntilMs, clock.nowMs());
            }
          }
          if (what === "advance") clock.advance(by);
          // At once where it was done, and with the news elsewhere.
          expect(await actual(node, key)).toEqual(expected(key));
          await expect.poll(() => actual(node === 0 ? 1 : 0, key), PATIENCE).toEqual(expected(key));
        }
        expect(Number(await redisOf(0).call("HGET", KEPT_KEY, "responses"))).toBeLessThanOrEqual(MAX_BYTES);
        for (const { cache } of nodes) {
          await cache.purge("n", {});
          cache.close();
        }
        for (const { shared } of nodes) await shared.sweep();
        expect(await readKept(redisOf(0))).toBe(0);
      }),
      { numRuns: 15 },
    );
  });

  it.each(["FLUSHDB", "DEL"])(
    "drops the copies of a key with each put of another node, also after %s",
    async (loss) => {
      const clock = new FakeClock();
      const [one, two] = [open(0, clock), open(1, clock)];
      await expect.poll(() => two.shared.isCurrent, PATIENCE).toBe(true);
      for (const text of ["a", "b", "c"]) await one.caller.put("k", text);
      expect(await two.caller.body("k")).toBe("c");
      clock.advance(1);
      await redisOf(0).call(loss, ...(loss === "DEL" ? ["headroom:cache:version"] : []));
      await one.caller.put("k", "new");
      await expect.poll(() => two.caller.body("k"), PATIENCE).toBe("new");
      for (const { cache } of [one, two]) cache.close();
    },
  );

  it("purges what was put before Redis lost the last version", async () => {
    const clock = new FakeClock();
    const { shared, cache } = open(0, clock);
    for (const key of ["a", "b", "c"]) await shared.put(putOf(key));
    clock.advance(1);
    await redisOf(0).call("DEL", "headroom:cache:version");
    expect(await shared.purge("n", {})).toBe(3);
    cache.close();
  });

  it("serves a copy that Redis is not asked for", async () => {
    const clock = new FakeClock();
    const { caller, shared, cache } = open(0, clock);
    await expect.poll(() => shared.isCurrent, PATIENCE).toBe(true);
    await caller.put("k", "x");
    const before = await commands();
    for (let n = 0; n < 100; n++) expect(await caller.body("k")).toBe("x");
    // Looks at the connection go on.
    expect((await commands()) - before).toBeLessThan(50);
    cache.close();
  });

  async function commands(): Promise<number> {
    return Number(/total_commands_processed:(\d+)/.exec(String(await redisOf(0).call("INFO", "stats")))?.[1]);
  }

  it("keeps an estimate that is within 15 % of what Redis uses", async () => {
    const clock = new FakeClock();
    const { shared } = open(0, clock);
    const used = async () => Number(/used_memory:(\d+)/.exec(String(await redisOf(0).call("INFO", "memory")))?.[1]);
    for (const [size, tags] of [
      [100, ""],
      [1_000, "one,two"],
      [10_000, "a,b,c,d"],
    ] as const) {
      await redisOf(0).call("FLUSHALL");
      await shared.put(putOf("first"));
      const before = [await used(), await readKept(redisOf(0))] as const;
      for (let n = 0; n < 150; n++) await shared.put(putOf(`key/${n}`, { bytes: randomBytes(size), tags }));
      const grown = (await used()) - before[0];
      const estimated = (await readKept(redisOf(0))) - before[1];
      expect(estimated / grown, `${size} bytes: ${estimated} of ${grown}`).toBeGreaterThan(0.85);
      expect(estimated / grown, `${size} bytes: ${estimated} of ${grown}`).toBeLessThan(1.15);
    }
  });

  it("gives its room to sessions, refuses what finds none beside them, and takes it back", async () => {
    const { shared } = open(0, new FakeClock());
    for (let n = 0; n < 40; n++) await shared.put(putOf(`k${n}`, { bytes: randomBytes(40_000) }));
    await redisOf(0).call("HSET", KEPT_KEY, "sessions", MAX_BYTES - 500_000);
    await shared.sweep();
    expect(await readKept(redisOf(0))).toBeLessThanOrEqual(MAX_BYTES);
    expect((await shared.measure("n", {})).count).toBeGreaterThan(5);
    await redisOf(0).call("HSET", KEPT_KEY, "sessions", MAX_BYTES);
    await expect(shared.put(putOf("k"))).rejects.toMatchObject({ code: "memory-pressure", status: 503 });
    expect(await shared.lease({ namespace: "n", key: "l", leaseMs: 1_000, token: undefined })).toEqual({
      outcome: "full",
    });
    await shared.sweep();
    expect((await shared.measure("n", {})).count).toBe(0);
    await redisOf(0).call("HDEL", KEPT_KEY, "sessions");
    expect((await shared.put(putOf("k"))).outcome).toBe("added");
  });

  it("makes room for one large response among many small ones", async () => {
    const { shared } = open(0, new FakeClock());
    for (let n = 0; n < 2_000; n++) await shared.put(putOf(`k${n}`));
    expect((await shared.put(putOf("large", { bytes: randomBytes(1_900_000) }))).outcome).toBe("added");
    expect(await readKept(redisOf(0))).toBeLessThanOrEqual(MAX_BYTES);
  });

  it("grants a bounded number of leases, which are paid for, and gives their room back when they are over", async () => {
    const clock = new FakeClock();
    const { shared } = open(0, clock);
    const lease = (key: string) => shared.lease({ namespace: "n", key, leaseMs: 1_000, token: undefined });
    const asked = await Promise.all(Array.from({ length: MOST_LEASES + 5 }, (_, n) => lease(`k${n}`)));
    const granted = asked.filter(({ outcome }) => outcome === "lease").length;
    // By their room here, before their number.
    expect(granted).toBeLessThanOrEqual(MOST_LEASES);
    expect(await readKept(redisOf(0))).toBeLessThanOrEqual(MAX_BYTES);
    clock.advance(1_000);
    for (let n = 0; n < granted / 16 + 2; n++) await lease(`later${n}`);
    expect(await readKept(redisOf(0))).toBeLessThan(MAX_BYTES / 2);
  });

  it("heals its count when Redis itself has evicted what was there", async () => {
    const { shared } = open(0, new FakeClock());
    await shared.put(putOf("k", { bytes: randomBytes(5_000) }));
    await redisOf(0).call("DEL", "headroom:cache:e:n\u0000k");
    expect(await shared.read("n", "k")).toBeNull();
    while ((await shared.evict(100_000)) > 0);
    expect(await readKept(redisOf(0))).toBe(0);
  });

  it("makes room among responses when Redis is at its own maxmemory, for responses and for leases", async () => {
    const { shared } = open(0, new FakeClock());
    for (let n = 0; n < 20; n++) await shared.put(putOf(`k${n}`, { bytes: randomBytes(50_000) }));
    const full = async () => {
      const used = /used_memory:(\d+)/.exec(String(await redisOf(0).call("INFO", "memory")))?.[1] ?? "";
      await redisOf(0).call("CONFIG", "SET", "maxmemory", String(Number(used) - 20_000));
    };
    await full();
    expect((await shared.put(putOf("new", { bytes: randomBytes(50_000) }))).outcome).toBe("added");
    await full();
    expect((await shared.lease({ namespace: "n", key: "l", leaseMs: 1_000, token: undefined })).outcome).toBe("lease");
    expect(await shared.purge("n", {})).toBeGreaterThan(10);
    await redisOf(0).call("CONFIG", "SET", "maxmemory", "0");
  });

  it("misses and keeps nothing on a read-only replica, changes nothing else in silence, and is back with its primary", async () => {
    const { caller, cache } = open(0, new FakeClock());
    await redisOf(0).call("REPLICAOF", "127.0.0.1", "1");
    expect(await caller.put("k", "x")).toBe("not-kept");
    const fill = { waitMs: 5_000 };
    expect([await caller.get("k"), await caller.get("k", { fill })]).toEqual([
      { outcome: "miss" },
      { outcome: "miss" },
    ]);
    const readOnly = { code: "storage-read-only", status: 503 };
    await expect(cache.purge("n", {})).rejects.toMatchObject(readOnly);
    await expect(cache.delete("n", "k")).rejects.toMatchObject(readOnly);
    const batch = { delete: ["k"], set: [{ key: "s", body: "" }], namespace: "n", requestId: "r", mostAnswerBytes: 9 };
    expect((await runCacheBatch(cache, batch)).map(({ op, status }) => [op, status])).toEqual([
      ["delete", 503],
      ["set", 204],
    ]);
    await expect(caller.put("k", "x", { condition: { match: [], noneMatch: ["*"] } })).rejects.toMatchObject(readOnly);
    const operator = new (loadRedis())(server.url, {});
    await operator.call("REPLICAOF", "NO", "ONE");
    operator.disconnect();
    await expect.poll(() => redisOf(0).fault, PATIENCE).toBe(null);
    await expect.poll(() => redisOf(1).fault, PATIENCE).toBe(null);
    expect(await caller.put("k", "x")).toBe("added");
    cache.close();
  });

  it("tells who waits for a value when Redis no longer responds, although no socket is closed", async () => {
    connections.push(await RedisConnection.open({ url: server.url, clock: systemClock, deadlineMs: 3_000 }));
    // A time that stands still: the wait does not end by itself.
    const { caller, cache, near, shared } = open(2, new FakeClock());
    await expect.poll(() => shared.isCurrent, PATIENCE).toBe(true);
    expect(await caller.get("k", { fill: { waitMs: 0 } })).toMatchObject({ outcome: "lease" });
    const waiting = caller.get("k", { fill: { waitMs: 60_000 } });
    await expect.poll(() => near.leases.isHeld(fullKey("n", "k")), PATIENCE).toBe(true);
    server.pause();
    expect(await waiting).toEqual({ outcome: "pending" });
    server.resume();
    for (const redis of connections) await expect.poll(() => redis.fault, PATIENCE).toBe(null);
    cache.close();
  });

  it("gives a body that is put on one node compressed, under one tag, on every other", async () => {
    const clock = new FakeClock();
    const [one, two] = [open(0, clock), open(1, clock)];
    const text = JSON.stringify(Array.from({ length: 400 }, (_, row) => ({ row, name: `name ${row % 97}` })));
    await one.caller.put("k", text, { mediaType: "application/json" });
    const found = asHit(await two.caller.get("k", { accepts: ["br"] }));
    expect(found.representation?.encoding).toBe("br");
    expect((await one.caller.hit("k", { accepts: ["br"] })).etag).toBe(found.etag);
    expect(await two.caller.body("k")).toBe(text);
    const [entry] = (await two.cache.list("n", { limit: 1, from: 0 })).items;
    expect(entry?.storedBytes).toBeLessThan(text.length / 2);
    for (const { cache } of [one, two]) cache.close();
  });
});
