import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisConnection } from "../../backends/redis/redis-connection.ts";
import { RedisResponses } from "../../backends/redis/redis-responses.ts";
import { readKept } from "../../backends/redis/shared-room.ts";
import type { SharedPut } from "../../ports/shared-responses.ts";
import { systemClock } from "../../shared/clock.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { hasRedis, RedisServer } from "../../testing/redis-server.ts";

const putOf = (key: string, tags: string): SharedPut => ({
  namespace: "n",
  key,
  bytes: Buffer.from("x"),
  encoding: "identity",
  etag: '"e"',
  identityTag: '"e"',
  identityBytes: 1,
  mediaType: "text/plain",
  tags,
  meta: "",
  freshMs: 1_000,
  staleMs: 0,
  lease: undefined,
  condition: null,
});

describe.runIf(hasRedis)("responses in a Redis that loses keys of its own accord", () => {
  let server: RedisServer;
  let redis: RedisConnection;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = await RedisConnection.open({ url: server.url, clock: systemClock, deadlineMs: 120_000 });
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });
  beforeEach(async () => void (await redis.call("FLUSHALL")));

  function open() {
    const clock = new FakeClock();
    return { clock, shared: new RedisResponses({ redis, maxBytes: 2_000_000, nowMs: () => clock.nowMs() }) };
  }

  it.each([
    ["purge", "a place of a tag, when it is purged by it"],
    ["markStale", "a place of a tag, when it is marked as stale by it"],
    ["sweep", "its bytes, when its time is over"],
  ] as const)("of an entry that Redis evicted, %s leaves nothing: %s", async (what, _of) => {
    const { clock, shared } = open();
    for (const key of ["a", "b"]) await shared.put(putOf(key, "red,blue"));
    for (const key of ["a", "b"]) await redis.call("DEL", `headroom:cache:e:n\u0000${key}`);
    if (what === "sweep") {
      clock.advance(1_000);
      await shared.sweep();
    } else for (const tag of ["red", "blue"]) expect(await shared[what]("n", { tags: [tag] })).toBe(0);
    expect(await readKept(redis)).toBe(0);
    const left = ["n:n", "u:n", "x", "w", ...(what === "sweep" ? [] : ["t:n\u0000red", "t:n\u0000blue"])];
    expect(await redis.call("EXISTS", ...left.map((name) => `headroom:cache:${name}`))).toBe(0);
  });

  it("an entry put again after Redis evicted it is purged and listed by its new tags alone", async () => {
    const { shared } = open();
    await shared.put(putOf("k", "old"));
    await redis.call("DEL", "headroom:cache:e:n\u0000k");
    await shared.put(putOf("k", "new"));
    expect((await shared.list("n", { tags: ["old"], limit: 9, from: 0 })).items).toEqual([]);
    expect(await shared.purge("n", { tags: ["old"] })).toBe(0);
    expect(await shared.purge("n", { tags: ["new"] })).toBe(1);
  });

  it.each([[], ["headroom:cache:l:n"]])(
    "gives the room of leases back once they are over, without %j",
    async (...lost) => {
      const { clock, shared } = open();
      for (let n = 0; n < 300; n++)
        await shared.lease({ namespace: n % 2 ? "n" : "m", key: `k${n}`, leaseMs: 1_000, token: undefined });
      const renewed = { namespace: "n", key: "renewed", leaseMs: 1_000 };
      const lease = await shared.lease({ ...renewed, token: undefined });
      clock.advance(500);
      if (lease.outcome === "lease") await shared.lease({ ...renewed, token: lease.token });
      for (const key of lost) await redis.call("DEL", key);
      clock.advance(500);
      await shared.sweep();
      expect(await readKept(redis)).toBeLessThan(1_000);
    },
  );
});
