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
