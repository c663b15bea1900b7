import { createSessionRows } from "../../backends/sqlite/session-rows.ts";
import type { Quotas } from "../../ports/namespace-quotas.ts";
import { MIB } from "../../shared/bytes.ts";
import { SessionPool } from "../../stores/sessions/session-pool.ts";
import type { Core } from "./core.ts";

/** The session pool over the database, following the settings. */
export async function composeSessions(core: Core, quotas: Quotas): Promise<SessionPool> {
  const { env, clock, log, database, settings, ledger, storage } = core;
  const { values } = settings;
  const account = ledger.open("sessions", "sessions", values.sessionsMaxMb * MIB);
  const sessions = new SessionPool({
    rows: await createSessionRows(database, { maxBytes: () => settings.values.diskMaxMb * MIB }),
    account,
    quotas,
    clock,
    maxItems: values.maxSessions,
    idleTimeoutMs: values.sessionTimeoutSeconds * 1000,
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
      sessions.resize({ maxItems: next.maxSessions, ttlMs: next.sessionTimeoutSeconds * 1000 });
      sessions.setDurability(next.sessionDurability);
    }),
  );
  return sessions;
}
