import type { LeakSample } from "./sample.ts";

/** A mark stands for this much time at least, by the samples' own clock: at shorter periods several samples make one mark. */
export const MARK_MS = 30_000;
/** Steps that the usual period is taken from. */
const RECENT_STEPS = 5;

export interface Readings<Lane extends string> {
  readonly low: Record<Lane, number>;
  readonly exact: number | null;
  readonly collected: boolean;
  readonly committed: number;
}

export interface Gathered<Lane extends string> extends Readings<Lane> {
  readonly atMs: number;
  /** Requests per 30 s, so that marks of different length compare. */
  readonly load: number;
}

/**
 * Makes marks of samples. Verdicts take time as well as samples: the detector counts marks, and a mark takes 30 s or one sample, whichever
 * is longer. A mark keeps the lowest reading of each lane. Time that stands still or runs backwards makes no mark.
 */
export class MarkGatherer<Lane extends string> {
  #endMs = Number.NEGATIVE_INFINITY;
  #lastMs = Number.NaN;
  #steps: number[] = [];
  #open: { readings: Readings<Lane>; requests: number; samples: number } | null = null;

  /** Takes a sample in; returns the mark that it completes, if it does. */
  take(sample: LeakSample, readings: Readings<Lane>): Gathered<Lane> | null {
    const atMs = Date.parse(sample.sampledAt);
    const stepMs = this.#step(atMs);
    const open = this.#open;
    this.#open = {
      readings: open ? merge(open.readings, readings) : readings,
      requests: (open?.requests ?? 0) + sample.activity.requests,
      samples: (open?.samples ?? 0) + 1,
    };
    if (atMs < this.#endMs) this.#endMs = atMs;
    // A period that jitters about 30 s makes a mark of each sample.
    if (atMs - this.#endMs < MARK_MS - Math.min(MARK_MS, stepMs) / 3) return null;
    const { requests, samples } = this.#open;
    const load = (requests * MARK_MS) / (samples * (this.#usualMs() || MARK_MS));
    const { low, exact, collected, committed } = this.#open.readings;
    this.#endMs = atMs;
    this.#open = null;
    return { atMs, low, exact, collected, committed, load };
  }

  #step(atMs: number): number {
    const step = atMs - this.#lastMs;
    this.#lastMs = atMs;
    if (!(step > 0)) return 0;
    this.#steps.push(step);
    if (this.#steps.length > RECENT_STEPS) this.#steps.shift();
    return step;
  }

  #usualMs(): number {
    const sorted = [...this.#steps].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }
}

function merge<Lane extends string>(a: Readings<Lane>, b: Readings<Lane>): Readings<Lane> {
  const low = { ...a.low };
  for (const lane of Object.keys(low) as Lane[]) low[lane] = Math.min(low[lane], b.low[lane]);
  return { low, exact: b.exact ?? a.exact, collected: a.collected || b.collected, committed: b.committed };
}
