/** What a step outside the stores would give back to the system, and how long it would hold the event loop. */
export interface Reclaim {
  freedBytes: number;
  pauseMs: number;
}

/**
 * Gives memory of the process back that no store holds: garbage on the heap, free blocks of the allocator. A run ends with
 * these, in the order in which the optimizer is handed them.
 */
export interface Reclaimer {
  /** The step's name in a run: `collect`, `trim`. */
  readonly step: string;
  /** Loads what `predict` and `run` need; asked before either. */
  prepare(): Promise<void>;
  /** What it would give back now; changes nothing. */
  predict(): Reclaim;
  /**
   * Whether it would give back more than it costs, and is allowed so soon after the last.
   *
   * @param pendingBytes what stores released that the system has not seen yet.
   * @param byHand a person asked: a shorter gap than for what the server starts by itself.
   */
  pays(pendingBytes: number, byHand: boolean): boolean;
  /** @returns the fall of RSS, the pause, and the time in all. */
  run(): Promise<Reclaim & { durationMs: number }>;
}

/**
 * Of what could go, a part proves to be in use: the share that went at earlier runs, as a mean that forgets. What is below a
 * megabyte teaches nothing.
 */
export class LearnedShare {
  #share: number | null = null;
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
  }

  get value(): number {
    return this.#share ?? this.#first;
  }

  learn(possibleBytes: number, freedBytes: number): void {
    if (possibleBytes < 2 ** 20) return;
    const share = Math.min(1, Math.max(0, freedBytes) / possibleBytes);
    this.#share = this.#share === null ? share : (this.#share + share) / 2;
  }
}
