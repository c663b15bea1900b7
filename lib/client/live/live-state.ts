export interface LiveState {
  connection: "connecting" | "connected" | "disconnected" | "refused";
  /** Why it is refused: the sign-in has ended, or holds and may not watch. */
  refusal: "signed-out" | "forbidden" | null;
  paused: boolean;
  /** The newest sample that was shown. */
  lastSequence: number | null;
  /** When it arrived, by this machine's clock. */
  receivedAtMs: number | null;
  /** The server's sampling period, as seen. */
  intervalMs: number;
  /** When the next attempt to connect is made. */
  retryAtMs: number | null;
  /** What became of the last hole in the samples. */
  lastGap: { state: "filling" | "filled" | "open"; samples: number } | null;
}

export const INITIAL_LIVE_STATE: LiveState = {
  connection: "connecting",
  refusal: null,
  paused: false,
  lastSequence: null,
  receivedAtMs: null,
  intervalMs: 30_000,
  retryAtMs: null,
  lastGap: null,
};

export type Freshness = "connecting" | "live" | "paused" | "stale" | "disconnected" | "refused";

/** In one word how far the figures on the page can be trusted. Stale: three sampling periods without a sample. */
export function freshness(state: LiveState, nowMs: number): Freshness {
  if (state.connection === "refused" || state.connection === "disconnected") return state.connection;
  if (state.paused) return "paused";
  if (state.connection === "connecting") return "connecting";
  const silentMs = state.receivedAtMs === null ? 0 : nowMs - state.receivedAtMs;
  return silentMs > Math.max(3 * state.intervalMs, 5000) ? "stale" : "live";
}
