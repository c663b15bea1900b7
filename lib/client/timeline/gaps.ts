import { median } from "../../shared/median.ts";
import type { Point } from "./point.ts";

export interface Gap {
  fromMs: number;
  toMs: number;
  /** True when another server process answers after it. */
  restarted: boolean;
}

/** How much longer than usual the way to the next point must be to count as a hole. */
const TOLERANCE = 2.5;

/**
 * Where samples are missing: a wait of more than 2.5 times the usual one, and every restart, however quick, since
 * between two processes there was no memory to draw a line through. The wait before counts as usual too, so that a
 * longer sampling period is no row of holes. O(n log n).
 */
export function findGaps(points: readonly Point[]): Gap[] {
  const waits = points.slice(1).map((point, index) => point.atMs - (points[index]?.atMs ?? 0));
  const usual = Math.max(median(waits), 500);
  const gaps: Gap[] = [];
  points.forEach((point, index) => {
    const previous = points[index - 1];
    if (!previous) return;
    const wait = point.atMs - previous.atMs;
    const waitBefore = index >= 2 ? (waits[index - 2] ?? 0) : 0;
    const restarted = point.bootId !== null && previous.bootId !== null && point.bootId !== previous.bootId;
    if (restarted || wait > TOLERANCE * Math.max(usual, waitBefore)) {
      gaps.push({ fromMs: previous.atMs, toMs: point.atMs, restarted });
    }
  });
  return gaps;
}
