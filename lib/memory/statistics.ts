import { median } from "../shared/median.ts";

/**
 * Robust statistics on short series: the whole window is at most a few hundred points, so clarity wins over asymptotics.
 */

/** The value below which `share` of the values lie, by linear interpolation; NaN for none. O(n log n). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export interface Point {
  readonly at: number;
  readonly value: number;
}

export interface Trend {
  /** Units of value per unit of `at`. */
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  /** Kendall's S over its standard deviation under "no trend": how surprising the order of the points is. */
  readonly z: number;
}

/**
 * The Theil–Sen slope, the median of all pairwise slopes, with Sen's 90 % interval and Kendall's z. At most `maxPoints`
 * points are used, evenly picked, so that a call costs O(maxPoints²).
 *
 * @returns NaN slopes and z 0 for fewer than two points with distinct `at`.
 * @see Sen 1968, https://doi.org/10.1080/01621459.1968.10480934
 */
export function theilSen(points: readonly Point[], maxPoints = 64): Trend {
  const used = thin(points, maxPoints);
  const slopes: number[] = [];
  let s = 0;
  for (let i = 0; i < used.length; i++) {
    for (let j = i + 1; j < used.length; j++) {
      const [a, b] = [used[i], used[j]];
      if (!a || !b || a.at === b.at) continue;
      slopes.push((b.value - a.value) / (b.at - a.at));
      s += Math.sign(b.value - a.value) * Math.sign(b.at - a.at);
    }
  }
  const n = used.length;
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  if (slopes.length === 0) return { slope: Number.NaN, low: Number.NaN, high: Number.NaN, z: 0 };
  slopes.sort((a, b) => a - b);
  const reach = (1.645 * deviation) / 2;
  const pick = (rank: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
  const middle = (slopes.length - 1) / 2;
  return { slope: median(slopes), low: pick(middle - reach), high: pick(middle + reach), z: s / deviation };
}

function thin(points: readonly Point[], maxPoints: number): readonly Point[] {
  if (points.length <= maxPoints) return points;
  const step = (points.length - 1) / (maxPoints - 1);
  return Array.from({ length: maxPoints }, (_, k) => points[Math.round(k * step)]).filter((p) => p !== undefined);
}

/** Ordinary least squares of `y` on `x`: the slope and how much of the variance it explains (0 when `x` is constant). */
export function regress(x: readonly number[], y: readonly number[]): { slope: number; explained: number } {
  const n = x.length;
  const meanX = sum(x) / n;
  const meanY = sum(y) / n;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let i = 0; i < n; i++) {
    const dx = (x[i] ?? 0) - meanX;
    const dy = (y[i] ?? 0) - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  if (xx === 0 || yy === 0) return { slope: 0, explained: 0 };
  return { slope: xy / xx, explained: (xy * xy) / (xx * yy) };
}

/** A Theil–Sen line: the slope of all points, through the median of what it leaves. `n >= 2`, with at least two distinct `at`. */
export function theilSenLine(points: readonly Point[]): { slope: number; valueAt(at: number): number } {
  const { slope } = theilSen(points, points.length);
  const start = median(points.map(({ at, value }) => value - slope * at));
  return { slope, valueAt: (at) => start + slope * at };
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
