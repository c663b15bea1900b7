import { median } from "../../shared/median.ts";
import type { Point, Trend } from "../statistics.ts";

/**
 * How many log units narrower the band must be along the trend than level. Of 32 readings without a trend one set in a hundred passes
 * 3.7; a batch of 50 MB over 6 MB an hour reaches 4.4 in about a third of them, and next to never with 8 readings in two hours.
 */
const NARROWER = 4.4;
const LEAST_READINGS = 20;

/** Of the width of the band, what readings that scatter leap by from one to the next: two of a kind differ by a third in the mean. */
const LEAST_LEAP = 0.12;

/** Whether readings scatter, each by itself. Those that follow one another smoothly are a course: the day's, for one. */
export function scatters(readings: readonly Point[]): boolean {
  const leaps = readings.slice(1).map((r, i) => Math.abs(r.value - (readings[i]?.value ?? r.value)));
  return median(leaps) >= LEAST_LEAP * width(readings, 0);
}

/**
 * The trend of readings that scatter evenly between two bounds, as a batch does that fills and is dropped: memory after a
 * collection then depends on the batch's phase, and medians tell nothing for hours. The bounds do: the band that holds all readings
 * is narrower along the leak than level, and its edges are known to 1/n, not 1/√n. For uniform scatter the likelihood ratio of
 * "drifts by b" against "stands still" is n·ln(width(0)/width(b)).
 *
 * @returns null while there are too few readings, or the band is hardly narrower along any rising line.
 */
export function supportTrend(readings: readonly Point[]): (Trend & { readonly gain: number }) | null {
  if (readings.length < LEAST_READINGS) return null;
  const span = (readings.at(-1)?.at ?? 0) - (readings[0]?.at ?? 0);
  const level = width(readings, 0);
  if (span <= 0 || level <= 0) return null;
  const step = level / span / 100;
  const gains = Array.from(
    { length: 101 },
    (_, k) => readings.length * Math.log(level / Math.max(1, width(readings, k * step))),
  );
  const gain = Math.max(...gains);
  if (gain < NARROWER) return null;
  const likely = gains.map((g, k) => ({ g, slope: k * step })).filter(({ g }) => g >= gain - 1.35);
  const best = gains.indexOf(gain) * step;
  return {
    slope: best,
    low: likely[0]?.slope ?? best,
    high: likely.at(-1)?.slope ?? best,
    z: Math.sqrt(2 * gain),
    gain,
  };
}

function width(readings: readonly Point[], slope: number): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { at, value } of readings) {
    const level = value - slope * at;
    low = Math.min(low, level);
    high = Math.max(high, level);
  }
  return high - low;
}
