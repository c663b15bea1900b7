import type { History, MemorySample } from "../contracts/memory.ts";

export interface HistoryRange {
  fromMs: number;
  toMs: number;
}

/** The stored history of samples: full rate at first, then coarser, then deleted. Every level is bounded. */
export interface SampleLog {
  /** The newest stored sequence; 0 when there is none. */
  lastSequence(): Promise<number>;
  /** Stores samples in one commit. */
  append(samples: readonly MemorySample[]): Promise<void>;
  /**
   * Full-rate samples, oldest first; at most 2,000, the newest of the range unless `afterSequence` gives the position
   * to continue from.
   */
  samples(range: HistoryRange, afterSequence?: number): Promise<History>;
  /** Minimum, maximum and mean per step, oldest first; steps without samples are left out, so gaps stay visible. */
  steps(range: HistoryRange, stepSeconds: number): Promise<History>;
  /** Rolls up and deletes samples over the bounds, a bounded batch per call; true while there is more to do. */
  trim(nowMs: number): Promise<boolean>;
}
