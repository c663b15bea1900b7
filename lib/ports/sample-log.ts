import type { History, MemorySample } from "../contracts/memory.ts";

/** Both ends belong to it. */
export interface HistoryRange {
  fromMs: number;
  toMs: number;
}

export interface SampleLogBounds {
  /** Samples at full rate. */
  maxSamples: number;
  /** How long 5-minute steps are kept before they become hourly ones. */
  fineMs: number;
  /** How long hourly steps are kept. */
  coarseMs: number;
}

/** Samples, or steps, of one answer. */
export const MOST_SAMPLES = 2_000;

/** The stored history of samples: full rate at first, then coarser, then deleted. Every level is bounded. */
export interface SampleLog {
  /** The newest stored sequence; 0 when there is none. */
  lastSequence(): Promise<number>;
  /** Stores samples in one commit. One whose sequence is known is left out: a write may be repeated. */
  append(samples: readonly MemorySample[]): Promise<void>;
  /**
   * Full-rate samples in the order of their sequences; at most 2,000, the newest of the range unless `afterSequence`
   * gives the position to continue from.
   */
  samples(range: HistoryRange, afterSequence?: number): Promise<History>;
  /**
   * Minimum, maximum and mean per step, oldest first; steps without samples are left out, so gaps stay visible. At most
   * 2,000, the newest. A step begins at a multiple of its length. What was rolled up stands at the begin of its 5 minutes,
   * or of its hour: steps no shorter than that say the same as before.
   */
  steps(range: HistoryRange, stepSeconds: number): Promise<History>;
  /**
   * Rolls up and deletes samples over the bounds, a bounded batch per call; true while there is more to do. Those of the
   * lowest sequences go, whatever the clock said of them; each counts once in its step.
   */
  trim(nowMs: number): Promise<boolean>;
}
