/**
 * One mark of a channel: a sample, or at the coarser scale the lowest of a block of samples. What is held for good at a time can
 * never exceed what is read at any later time, collected or not: hence lows, and the floors built from them.
 */
export interface Mark {
  /** The mark's number since the process was first seen. Horizons count marks, never wall time. */
  readonly at: number;
  readonly atMs: number;
  /** The lowest raw reading, bytes: live memory plus garbage that no one collected yet. */
  readonly low: number;
  /** What a major collection left, bytes; null where there was none. Readings off the heap are taken as they are. */
  readonly exact: number | null;
  /** Whether a major collection ended since the mark before. */
  readonly collected: boolean;
  /** Heap that V8 has committed, bytes: between two collections it grows by what outlives the young generation, and by that alone. */
  readonly committed: number;
  /** Requests since the previous mark. */
  readonly load: number;
}

/** `floor[i]` is the lowest of all that was read from mark `i` on: an upper bound of what has been kept since then. */
export function suffixFloor(marks: readonly Mark[]): Float64Array {
  const floor = new Float64Array(marks.length);
  let lowest = Number.MAX_VALUE;
  for (let i = marks.length - 1; i >= 0; i--) {
    const mark = marks[i];
    if (!mark) continue;
    if (mark.low < lowest) lowest = mark.low;
    if (mark.exact !== null && mark.exact < lowest) lowest = mark.exact;
    floor[i] = lowest;
  }
  return floor;
}
