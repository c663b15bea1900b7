import type { Yielder } from "../../ports/bounded-store.ts";
import type { Clock } from "../../shared/clock.ts";

export const SLICE_MS = 10;

/** Runs `callback` after the events that wait now were served. */
export type NextTurn = (callback: () => void) => void;

const nextTurn: NextTurn = (callback) => {
  setImmediate(callback);
};

/**
 * Measures how long a step holds the event loop. A slice begins when the step gets the loop and ends when it yields,
 * or when the loop turns because the step waits for something else (a disk write): that wait is nobody's pause.
 */
export class TurnYielder implements Yielder {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #sliceMs: number;
  readonly #nextTurn: NextTurn;
  #startedAtMs = 0;
  /** The slice being measured; a turn that was asked for by an earlier slice says nothing about this one. */
  #slice = 0;
  #away = false;
  #longestPauseMs = 0;

  constructor(clock: Pick<Clock, "monotonicMs">, options: { sliceMs?: number; nextTurn?: NextTurn } = {}) {
    this.#clock = clock;
    this.#sliceMs = options.sliceMs ?? SLICE_MS;
    this.#nextTurn = options.nextTurn ?? nextTurn;
    this.#begin();
  }

  get spent(): boolean {
    if (this.#away) this.#begin();
    return this.#clock.monotonicMs() - this.#startedAtMs >= this.#sliceMs;
  }

  async yield(): Promise<void> {
    this.#close();
    await new Promise<void>((resolve) => this.#nextTurn(resolve));
    this.#begin();
  }

  /** Ends the last slice. @returns the longest, in milliseconds. */
  finish(): number {
    this.#close();
    return this.#longestPauseMs;
  }

  #begin(): void {
    this.#away = false;
    this.#startedAtMs = this.#clock.monotonicMs();
    const slice = ++this.#slice;
    this.#nextTurn(() => {
      if (slice !== this.#slice || this.#away) return;
      this.#close();
    });
  }

  #close(): void {
    if (this.#away) return;
    this.#away = true;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, this.#clock.monotonicMs() - this.#startedAtMs);
  }
}
