import type { History, MemorySample } from "../contracts/memory.ts";

export interface HistoryRange {
  fromMs: number;
  toMs: number;
}

/** The kept history of samples: bounded at full rate, then coarser, then gone. */
export interface SampleLog {
  /** The newest stored sequence; 0 when there is none. */
  lastSequence(): Promise<number>;
  /** Stores samples in one commit. */
  append(samples: readonly MemorySample[]): Promise<void>;
  /** Full-rate samples, oldest first; at most 2,000, the newest of the range unless `afterSequence` says where to go on. */
  samples(range: HistoryRange, afterSequence?: number): Promise<History>;
  /** Minimum, maximum and mean per step, oldest first; steps without samples are left out: a gap is a gap. */
  steps(range: HistoryRange, stepSeconds: number): Promise<History>;
  /** Rolls up and drops what is over the bounds, a bounded batch per call; true while there is more to do. */
  trim(nowMs: number): Promise<boolean>;
}
