import type { Clock } from "../../shared/clock.ts";

const RESOLUTION_MS = 1;

/**
 * Monotonic time to the millisecond, read once per millisecond of a running event loop: reading the clock costs as much as a
 * look-up. It lags only while the loop is blocked, when no request is served either.
 */
export class CoarseClock {
  readonly #clock: Clock;
  #nowMs = 0;
  #isFresh = false;
  readonly #expire = (): void => {
    this.#isFresh = false;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  monotonicMs(): number {
    if (this.#isFresh) return this.#nowMs;
    this.#nowMs = this.#clock.monotonicMs();
    this.#isFresh = true;
    this.#clock.after(RESOLUTION_MS, this.#expire);
    return this.#nowMs;
  }
}
