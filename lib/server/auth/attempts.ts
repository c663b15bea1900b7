import { LRUCache } from "lru-cache";
import type { Clock } from "../../shared/clock.ts";

/** Failed attempts per peer and minute before the response becomes 429. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** Number of peers remembered; the least recently seen is dropped. */
const MAX_PEERS = 10_000;

/**
 * Counts failed authentications per peer. A valid key is never delayed, because peers behind a proxy share an address.
 */
export class Attempts {
  readonly #clock: Clock;
  readonly #peers = new LRUCache<string, { sinceMs: number; failures: number }>({ max: MAX_PEERS });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one failure. @returns seconds to wait when the peer is over its bound, else 0. */
  fail(peer: string): number {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#peers.get(peer);
    const window = known && nowMs - known.sinceMs < WINDOW_MS ? known : { sinceMs: nowMs, failures: 0 };
    window.failures += 1;
    this.#peers.set(peer, window);
    return window.failures > MAX_FAILURES ? Math.ceil((window.sinceMs + WINDOW_MS - nowMs) / 1000) : 0;
  }
}
