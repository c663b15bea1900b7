import { createSessionRows } from "../../backends/sqlite/session-rows.ts";
import type { Settings } from "../../contracts/settings.ts";
import type { Quotas } from "../../ports/namespace-quotas.ts";
import type { SessionStore } from "../../ports/session-store.ts";
import { MIB } from "../../shared/bytes.ts";
import { SessionPool } from "../../stores/sessions/session-pool.ts";
import { MOST_USE_BYTES } from "../../stores/sessions/shared/pending-uses.ts";
import { SharedSessions } from "../../stores/sessions/shared/shared-sessions.ts";
import type { SharedRedis } from "./compose-redis.ts";
import type { Core } from "./core.ts";

/** Whole, as rows keep it: 16.1 seconds would be 16100.000000000002. */
const timeoutMs = ({ sessionTimeoutSeconds }: Settings): number => Math.round(sessionTimeoutSeconds * 1000);

/** Sessions, following the settings: in the Redis that nodes share, or in this node's memory and database. */
export function composeSessions(core: Core, quotas: Quotas, redis: SharedRedis | null): Promise<SessionStore> {
  return redis === null ? composePool(core, quotas) : composeShared(core, quotas, redis);
}

async function composeShared(core: Core, quotas: Quotas, redis: SharedRedis): Promise<SessionStore> {
  const { clock, settings, ledger } = core;
  const { values } = settings;
  const { RedisSessionRows } = await import("../../backends/redis/redis-session-rows.ts");
  const account = ledger.open("sessions", "sessions", values.sessionsMaxMb * MIB);
  const sessions = new SharedSessions({
    rows: new RedisSessionRows({ redis: redis.connection, clock, maxBytes: redis.maxBytes }),
    account,
    usesAccount: ledger.open("session-uses", "sessions", MOST_USE_BYTES),
    quotas,
    clock,
    maxItems: values.maxSessions,
    idleTimeoutMs: timeoutMs(values),
  });
  core.stores.push(sessions);
  core.onStop(
    sessions.start(),
    settings.follow((next) => {
      account.setCeiling(next.sessionsMaxMb * MIB);
      sessions.resize({ maxItems: next.maxSessions, ttlMs: timeoutMs(next) });
    }),
  );
  return sessions;
}

async function composePool(core: Core, quotas: Quotas): Promise<SessionPool> {
  const { env, clock, log, database, settings, ledger, storage } = core;
  const { values } = settings;
  const account = ledger.open("sessions", "sessions", values.sessionsMaxMb * MIB);
  const sessions = new SessionPool({
    rows: await createSessionRows(database, { maxBytes: () => settings.values.diskMaxMb * MIB }),
    account,
    quotas,
    clock,
    maxItems: values.maxSessions,
    idleTimeoutMs: timeoutMs(values),
    durability: values.sessionDurability,
    packing: env.fixed.HEADROOM_SESSION_PACKING,
    hotTier: env.fixed.HEADROOM_SESSION_HOT_TIER,
    storageFault: () => storage.fault,
    onFailure: (err) => {
      // Retried twice a second: what the watch of the database has told is not told again.
      if (storage.fault === null)
        log.error({ err }, "sessions could not be written; they stay in memory and are retried");
    },
  });
  await sessions.upkeep.start();
  core.stores.push(sessions);
  core.onStop(
    () => sessions.upkeep.close(),
    settings.follow((next) => {
      account.setCeiling(next.sessionsMaxMb * MIB);
      sessions.resize({ maxItems: next.maxSessions, ttlMs: timeoutMs(next) });
      sessions.setDurability(next.sessionDurability);
    }),
  );
  return sessions;
}
