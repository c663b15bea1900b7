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
