import { createSessionRows } from "../backends/sqlite/session-rows.ts";
import type { Ledger } from "../memory/ledger.ts";
import type { Database } from "../ports/database.ts";
import { MIB } from "../shared/bytes.ts";
import type { Clock } from "../shared/clock.ts";
import { SessionPool } from "../stores/sessions/session-pool.ts";
import type { Env } from "./env.ts";
import type { Log } from "./log.ts";
import type { SettingsStore } from "./settings.ts";

interface Parts {
  env: Env;
  clock: Clock;
  log: Log;
  database: Database;
  settings: SettingsStore;
  ledger: Ledger;
}

/** The session pool over the database, following the settings. */
export async function composeSessions(parts: Parts): Promise<{ sessions: SessionPool; stop: () => Promise<void> }> {
  const { env, clock, log, database, settings, ledger } = parts;
  const { values } = settings;
  const account = ledger.open("sessions", "sessions", values.sessionsMaxMb * MIB);
  const sessions = new SessionPool({
    rows: await createSessionRows(database, { maxBytes: () => settings.values.diskMaxMb * MIB }),
    account,
    clock,
    maxItems: values.maxSessions,
    idleTimeoutMs: values.sessionTimeoutSeconds * 1000,
    durability: values.sessionDurability,
    packing: env.fixed.HEADROOM_SESSION_PACKING,
    hotTier: env.fixed.HEADROOM_SESSION_HOT_TIER,
    onFailure: (err) => log.error({ err }, "sessions could not be written; they wait in memory"),
  });
  await sessions.start();
  const unfollow = settings.follow((next) => {
    account.setCeiling(next.sessionsMaxMb * MIB);
    sessions.resize({ maxItems: next.maxSessions, ttlMs: next.sessionTimeoutSeconds * 1000 });
    sessions.setDurability(next.sessionDurability);
  });
  return {
    sessions,
    stop: async () => {
      unfollow();
      await sessions.close();
    },
  };
}
