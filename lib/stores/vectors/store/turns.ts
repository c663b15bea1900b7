import type { Yielder } from "../../../ports/bounded-store.ts";
import type { Clock } from "../../../shared/clock.ts";

/** Half of what may block the event loop: a step that began just before the end is not cut. */
const WINDOW_MS = 4;

/**
 * Shares the event loop among all that the vector store does at once: together they take one window of 4 ms between two rounds of the loop,
 * however many searches wait. Those that wait go on in the order they came, one a round.
 */
export class Turns implements Yielder {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #windowStartedAtMs = 0;
  #armed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get spent(): boolean {
    this.#arm();
    return this.#clock.monotonicMs() - this.#windowStartedAtMs >= WINDOW_MS;
  }

  yield(): Promise<void> {
    this.#arm();
    return new Promise((resume) => this.#waiting.push(resume));
  }

  /** Breathes if the window is used up. */
  async share(): Promise<void> {
    if (this.spent) await this.yield();
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#windowStartedAtMs = this.#clock.monotonicMs();
    setImmediate(() => {
      this.#armed = false;
      const next = this.#waiting.shift();
      if (!next) return;
      // A new window, which the next in line ends if this one does not.
      this.#arm();
      next();
    });
  }
}
