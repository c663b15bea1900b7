import type { Clock } from "../../shared/clock.ts";

const TICK_MS = 100;
/** How late the event loop may run. */
export const MOST_LAG_MS = 200;
/**
 * Late ticks in a row must add up to this much: a burst, a collection or a machine with other work makes a few of them, and what waits
 * is then answered soon. More of them are more work than there is time for.
 */
const BEHIND_MS = 2_000;
const LONGEST_PAUSE_MS = 500;

/**
 * Whether the event loop has fallen behind: more than 200 ms late at each of the last ticks, and 2 s in all. What is refused then
 * costs little, so that it catches up, and the first tick in time opens the gate again.
 */
export class LoopGate {
  readonly #clock: Clock;
  #behindMs = 0;
  #lastMs = 0;
  #refusals = 0;
  lagMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get closed(): boolean {
    return this.#behindMs >= BEHIND_MS;
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
    // However long one pause is, it counts as one of half a second: a stopped process is not an overloaded one.
    this.#behindMs = this.lagMs > MOST_LAG_MS ? this.#behindMs + Math.min(this.lagMs, LONGEST_PAUSE_MS) : 0;
  }
}
