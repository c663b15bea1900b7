import type { Point } from "../statistics.ts";

/** What a point is placed by. */
export type Axis = (p: Point) => number;

export const byTime: Axis = (p) => p.at;

/** The curve's value at `x`, between two points by the straight line. O(log points). */
export function valueAt(points: readonly Point[], x: number, axis: Axis = byTime): number {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const point = points[middle];
    if (point && axis(point) < x) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [points[low - 1], points[low]];
  if (!after) return 0;
  if (!before || axis(after) < x || axis(after) === axis(before)) return after.value;
  return before.value + ((x - axis(before)) / (axis(after) - axis(before))) * (after.value - before.value);
}
