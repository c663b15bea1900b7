import { randomUUID } from "node:crypto";
import type { RedisConnection } from "../../backends/redis/redis-connection.ts";
import { RedisSessionRows } from "../../backends/redis/redis-session-rows.ts";
import { IDLE_MS } from "../../ports/session-store.contract.ts";
import { MIB } from "../../shared/bytes.ts";
import { SharedSessions } from "../../stores/sessions/shared/shared-sessions.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";

/** Begins a key that is no session's: the time of a test, which stands still until it is moved. */
export const TIME_KEY = "time-";

/** Nodes over an empty Redis. */
export async function openFleet(redis: RedisConnection) {
  await redis.call("FLUSHALL");
  const clock = new FakeClock();
  const timeKey = `${TIME_KEY}${randomUUID()}`;
  const tell = () => redis.call("SET", timeKey, clock.nowMs());
  await tell();
  const time = `local function now() return tonumber(redis.call('GET', '${timeKey}')) end\n`;
  return {
    clock,
    time,
    node(connection: RedisConnection, maxItems = 4, maxBytes = 64 * MIB) {
      const rows = new RedisSessionRows({ redis: connection, clock, maxBytes, time });
      const account = new TestAccount(4 * MIB, "sessions");
      const usesAccount = new TestAccount(MIB, "sessions");
      const store = new SharedSessions({ rows, account, usesAccount, clock, maxItems, idleTimeoutMs: IDLE_MS });
      return { store, rows, account, usesAccount };
    },
    async advance(byMs: number) {
      clock.advance(byMs);
      await tell();
    },
  };
}
