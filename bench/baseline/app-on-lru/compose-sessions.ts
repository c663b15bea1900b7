import type { Core } from "../../../lib/server/core.ts";
import { LiveStore } from "./live-store.ts";

export interface LiveSession {
  id: string;
  namespace: string;
  createdAtMs: number;
  lastUsedAtMs: number;
  idleTimeoutMs: number;
  version: number;
  data: unknown;
}

/** In the place of lib/server/compose-sessions.ts: sessions as live objects, in memory only. */
export async function composeSessions({ settings, stores }: Core): Promise<LiveStore<LiveSession>> {
  const { maxSessions, sessionTimeoutSeconds } = settings.values;
  const sessions = new LiveStore<LiveSession>("sessions", {
    max: maxSessions,
    ttl: sessionTimeoutSeconds * 1000,
    updateAgeOnGet: true,
  });
  stores.push(sessions);
  return sessions;
}
