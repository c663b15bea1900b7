export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value below which `share` of the values lie, by linear interpolation; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

export interface Line {
  slope: number;
  at(x: number): number;
}

/**
 * The Theil–Sen line: the median of all pairwise slopes, through the median of what it leaves. O(n²) time and space.
 *
 * @param points `n >= 2`, with at least two distinct x.
 * @see Sen 1968, https://doi.org/10.1080/01621459.1968.10480934
 */
export function theilSen(points: readonly (readonly [number, number])[]): Line {
  const slopes: number[] = [];
  for (const [at, [x, y]] of points.entries()) {
    for (const [otherX, otherY] of points.slice(at + 1)) {
      if (otherX !== x) slopes.push((otherY - y) / (otherX - x));
    }
  }
  const slope = median(slopes);
  const intercept = median(points.map(([x, y]) => y - slope * x));
  return { slope, at: (x) => intercept + slope * x };
}
