import { afterAll, beforeAll, describe, expect } from "vitest";
import { RedisConnection } from "../../backends/redis/redis-connection.ts";
import { RedisResponses } from "../../backends/redis/redis-responses.ts";
import { describeCacheFills } from "../../ports/cache-fills.contract.ts";
import { describeCacheLists } from "../../ports/cache-lists.contract.ts";
import { CONTRACT_BOUNDS, describeCacheStore } from "../../ports/cache-store.contract.ts";
import { systemClock } from "../../shared/clock.ts";
import { FleetCache } from "../../stores/responses/fleet-cache.ts";
import { ResponseCache } from "../../stores/responses/response-cache.ts";
import type { CacheUnderTest } from "../../testing/cache-caller.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { hasRedis, RedisServer } from "../../testing/redis-server.ts";
import { TestAccount } from "../../testing/test-account.ts";

const onFailure = (error: unknown) => expect.unreachable(String(error));

/** With copies on this node, and without any: then every answer comes from Redis. */
describe.runIf(hasRedis).each([{ near: true }, { near: false }])("FleetCache on Redis, copies: $near", ({ near }) => {
  let server: RedisServer;
  let redis: RedisConnection;

  beforeAll(async () => {
    server = await RedisServer.start();
    // On a busy machine an answer may take its time; the deadline has tests of its own.
    redis = await RedisConnection.open({ url: server.url, clock: systemClock, deadlineMs: 120_000 });
  });
  afterAll(async () => {
    redis.close();
    await server.stop();
  });

  async function fresh(): Promise<CacheUnderTest> {
    await redis.call("FLUSHALL");
    const clock = new FakeClock();
    const { maxBytes } = CONTRACT_BOUNDS;
    const shared = new RedisResponses({ redis, maxBytes, nowMs: () => clock.nowMs() });
    const common = {
      ...CONTRACT_BOUNDS,
      clock,
      decoders: new TestAccount(),
      usesAccount: new TestAccount(),
      onFailure,
    };
    const copies = new ResponseCache({
      ...common,
      maxItems: 1_000,
      policy: "lru",
      createYielder: () => ({ spent: false, yield: () => Promise.resolve() }),
      account: new TestAccount(maxBytes),
    });
    if (!near) copies.hold = () => undefined;
    const cache = new FleetCache({ ...common, shared, near: copies });
    await expect.poll(() => shared.isCurrent, { timeout: 60_000 }).toBe(true);
    return { cache, advance: (byMs) => clock.advance(byMs), close: async () => cache.close() };
  }

  describeCacheStore("responses", fresh);
  describeCacheFills("responses", fresh);
  describeCacheLists("responses", fresh);
});
