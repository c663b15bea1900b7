import { MIB } from "../../shared/bytes.ts";
import type { Mark } from "./mark.ts";

/** Scavenges of a 16 MB young generation draw a sawtooth over about this many samples: an envelope must be as wide. */
export const SCAVENGE_MARKS = 14;

/**
 * How far the raw lower envelope had risen at each mark after `from`, up to `to` (not included), bytes. What the first young
 * generation after a collection holds says nothing, so its rise is taken from the rate of the rest. Never falls: only a major
 * collection gives old memory back, and there is none inside a segment.
 *
 * @returns null for segments of less than three scavenges: too short to tell live memory from garbage.
 */
export function envelopeRise(marks: readonly Mark[], from: number, to: number): number[] | null {
  if (to - from < 3 * SCAVENGE_MARKS) return null;
  const lows: number[] = [];
  for (let i = from + 1; i < to; i++) {
    let lowest = Number.POSITIVE_INFINITY;
    for (let j = Math.max(from + 1, i - SCAVENGE_MARKS + 1); j <= i; j++)
      lowest = Math.min(lowest, marks[j]?.low ?? lowest);
    lows.push(Math.max(lowest, lows.at(-1) ?? lowest));
  }
  const start = lows[SCAVENGE_MARKS] ?? 0;
  const rate = Math.max(0, ((lows.at(-1) ?? start) - start) / (lows.length - SCAVENGE_MARKS));
  return [
    0,
    ...lows.map((low, i) => (i < SCAVENGE_MARKS ? rate * i : rate * SCAVENGE_MARKS + Math.max(0, low - start))),
  ];
}

/** The mean of the envelope over two scavenges around `offset`, kept within the segment: it is a staircase, a step per scavenge. */
export function smoothRise(rise: readonly number[], offset: number): number {
  const reach = Math.min(SCAVENGE_MARKS, offset, rise.length - 1 - offset);
  let total = 0;
  for (let i = offset - reach; i <= offset + reach; i++) total += rise[i] ?? 0;
  return total / (2 * reach + 1);
}

/** The young generation has its size after so many marks of a process; when it grows later, it does so by half of it and more at once. */
export const YOUNG_GROWS_MARKS = 30;
export const YOUNG_STEP_BYTES = 4 * MIB;
/** V8 commits whole pages. */
export const PAGE_BYTES = MIB / 4;
/** Late commits below this share of early ones show an end of growth. */
const LATE_COMMITS = 0.65;

/**
 * Whether the heap commits far less of late than soon after the collection at mark `from`. What it commits without a collection is what
 * outlives the young generation: where that comes to an end, so does growth, though the lows of a wide sawtooth still rise.
 */
export function commitsLess(marks: readonly Mark[], from: number): boolean {
  const start = Math.max(from + SCAVENGE_MARKS, YOUNG_GROWS_MARKS - (marks[0]?.at ?? 0));
  const third = Math.floor((marks.length - 1 - start) / 3);
  if (third < SCAVENGE_MARKS) return false;
  const between = (index: number) => {
    let total = 0;
    for (let i = index + 1; i <= index + third; i++) {
      const step = (marks[i]?.committed ?? 0) - (marks[i - 1]?.committed ?? 0);
      if (step < YOUNG_STEP_BYTES) total += step;
    }
    return total;
  };
  const [early, late] = [between(start), between(marks.length - 1 - third)];
  return late + PAGE_BYTES < LATE_COMMITS * early;
}
