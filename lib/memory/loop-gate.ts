import type { Clock } from "../shared/clock.ts";

const TICK_MS = 100;
/** How late the event loop may run. */
export const MOST_LAG_MS = 200;
/** One late turn is a pause of the machine's; a second right after it is more work than there is time for. */
const LATE_TICKS = 2;

/**
 * Whether the event loop has fallen behind: it was more than 200 ms late at each of the last ticks. What is refused then costs
 * little, so that it catches up, and the first tick in time opens the gate again.
 */
export class LoopGate {
  readonly #clock: Clock;
  #lateTicks = 0;
  #lastMs = 0;
  #refusals = 0;
  lagMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get closed(): boolean {
    return this.#lateTicks >= LATE_TICKS;
  }

  /** Requests refused since the start. */
  get refusals(): number {
    return this.#refusals;
  }

  refuse(): void {
    this.#refusals += 1;
  }

  /** Looks ten times a second until the returned function is called. */
  start(): () => void {
    this.#lastMs = this.#clock.monotonicMs();
    return this.#clock.every(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    this.lagMs = Math.max(0, nowMs - this.#lastMs - TICK_MS);
    this.#lastMs = nowMs;
    this.#lateTicks = this.lagMs > MOST_LAG_MS ? this.#lateTicks + 1 : 0;
  }
}
