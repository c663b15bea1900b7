import type { BoundedStore } from "../../ports/bounded-store.ts";
import type { Clock } from "../../shared/clock.ts";
import { TurnYielder } from "./turn-yielder.ts";

const PERIOD_MS = 5_000;

/** Lets every store remove what has expired, one after another, every 5 s, in slices under 10 ms. */
export class Sweeper {
  readonly #stores: readonly BoundedStore[];
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  #running: Promise<void> | null = null;

  constructor(stores: readonly BoundedStore[], clock: Clock, onFailure: (error: unknown) => void) {
    this.#stores = stores;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** @returns stops it, and resolves when a sweep under way has ended. */
  start(): () => Promise<void> {
    const cancel = this.#clock.every(PERIOD_MS, () => void this.sweep());
    return async () => {
      cancel();
      await this.#running;
    };
  }

  /** One sweep; a call while one runs joins it. */
  sweep(): Promise<void> {
    this.#running ??= this.#sweepAll().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #sweepAll(): Promise<void> {
    for (const store of this.#stores) {
      try {
        await store.sweep(new TurnYielder(this.#clock));
      } catch (error) {
        // One store that cannot reach its disk must not keep the others from sweeping.
        this.#onFailure(error);
      }
    }
  }
}
