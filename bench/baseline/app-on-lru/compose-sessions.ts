import type { Core } from "../../../lib/server/compose/core.ts";
import { LiveStore } from "./live-store.ts";
import { type LiveSession, SessionKeeping } from "./session-keeping.ts";

export class LiveSessions extends LiveStore<LiveSession> {
  /** Null: sessions are in memory only, and one that is pushed out is gone. */
  keeping: SessionKeeping | null = null;
}

/** In the place of lib/server/compose/compose-sessions.ts: sessions as live objects; with BASELINE_KEEPS_SESSIONS=1 in the database too. */
export async function composeSessions(core: Core): Promise<LiveSessions> {
  const { maxSessions, sessionTimeoutSeconds } = core.settings.values;
  const sessions = new LiveSessions("sessions", {
    max: maxSessions,
    ttl: sessionTimeoutSeconds * 1000,
    updateAgeOnGet: true,
  });
  if (process.env.BASELINE_KEEPS_SESSIONS === "1") sessions.keeping = await SessionKeeping.open(core);
  core.stores.push(sessions);
  return sessions;
}
