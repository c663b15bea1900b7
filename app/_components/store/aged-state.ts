import type { Freshness, LiveState } from "../../../lib/client/live/live-state.ts";
import type { PanelState } from "../ui/panel-state.ts";

/** Ready, or greyed with the age of the last figures. */
export function agedState(fresh: Freshness, live: LiveState): PanelState {
  if (fresh === "stale" && live.receivedAtMs !== null) return { kind: "stale", sinceMs: live.receivedAtMs };
  if (fresh === "disconnected" || fresh === "refused") return { kind: "disconnected", sinceMs: live.receivedAtMs };
  return { kind: "ready" };
}
