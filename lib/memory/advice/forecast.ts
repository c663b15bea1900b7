import type { Forecast } from "../../contracts/memory.ts";
import { median } from "../../shared/median.ts";
import { mean, quantile, standardDeviation, theilSenLine } from "../statistics.ts";

export interface Reading {
  atMs: number;
  usedBytes: number;
}

export const NO_FORECAST: Forecast = { secondsToLimit: null, low: null, high: null };

/** Readings are thinned to so many bins, which bounds the work at any length of history. */
const MAX_POINTS = 96;
/** Fewer readings than this are a mood, not a trend. */
const MIN_POINTS = 24;
/** However often samples are taken: what a process takes in its first minutes it takes once. */
const MIN_SPAN_MS = 5 * 60_000;
const PARTS = 8;
/** Growth smaller than this share of the limit over a window is taken for noise of the runtime. */
const MIN_GROWTH_RATIO = 0.01;
/** Growth that is dying away at the end of the window is filling something, which will be full. */
const LATE_SHARE = 0.6;
/** Of sixteen parts, so many must have risen above the one before, each by this share of the average. */
const FINE_PARTS = 16;
const MOST_FINE_PARTS = 8;
const RISEN_SHARE = 0.2;
/** How much farther than the window one may look: beyond, a straight line is a guess. */
const HORIZON_WINDOWS = 24;
/** Student's t, 97.5 %, with PARTS − 1 degrees of freedom, for increments between parts. */
const T_QUANTILE = 2.45;
/** How many standard deviations of its wandering a walk is given. */
const WANDER = 1.5;

interface Point {
  atMs: number;
  bytes: number;
}

/**
 * When usage will reach the limit, if it goes on as it does; nulls when it has no trend.
 *
 * The longest recent window with a lasting trend is taken: growth must go through all of it (a step, a plateau after
 * warm-up and a single tooth do not), not fall back by much between its parts (a sawtooth and a daily rhythm do), and
 * stand above everything before it (a rise that has happened before and went back is a rhythm, not a trend). The slope
 * is Theil–Sen's. The interval takes in the slope's uncertainty, by correlated residuals or by the spread of the
 * increments between parts, whichever is wider, and how far single readings lie from the line.
 *
 * @param readings in order of time, any spacing; O(n) to thin them, then O(96²).
 */
export function forecast(readings: readonly Reading[], limitBytes: number): Forecast {
  const last = readings.at(-1);
  if (!last || readings.length < MIN_POINTS) return NO_FORECAST;
  const used = readings.filter(({ usedBytes }) => Number.isFinite(usedBytes) && usedBytes > 0);
  for (let share = 1; used.length * share >= MIN_POINTS; share /= 2) {
    const from = used.length - Math.floor(used.length * share);
    const window = thin(used.slice(from));
    const trend = findTrend(window, limitBytes);
    if (!trend || !isUnprecedented(used.slice(0, from), window)) continue;
    return toForecast(trend, used.slice(from), limitBytes);
  }
  return NO_FORECAST;
}

interface Trend {
  /** Bytes per millisecond. */
  slope: number;
  slopeLow: number;
  slopeHigh: number;
  /** How unevenly it grew: the standard deviation of the growth from part to part, and how long a part is. */
  stepBytes: number;
  stepMs: number;
  /** Bytes on the line at a time. */
  at(ms: number): number;
}

function thin(readings: readonly Reading[]): Point[] {
  const bins = Math.min(MAX_POINTS, readings.length);
  return Array.from({ length: bins }, (_, bin) => {
    const slice = readings.slice(
      Math.floor((bin * readings.length) / bins),
      Math.floor(((bin + 1) * readings.length) / bins),
    );
    return { atMs: mean(slice.map(({ atMs }) => atMs)), bytes: mean(slice.map(({ usedBytes }) => usedBytes)) };
  });
}

function split<T>(points: readonly T[], parts: number): T[][] {
  return Array.from({ length: parts }, (_, part) =>
    points.slice(Math.floor((part * points.length) / parts), Math.floor(((part + 1) * points.length) / parts)),
  );
}

function findTrend(window: readonly Point[], limitBytes: number): Trend | null {
  if (window.length < MIN_POINTS) return null;
  const parts = split(window, PARTS).map((part) => part.map(({ bytes }) => bytes));
  if (!growsThroughout(parts) || isStaircase(window)) return null;
  const line = theilSenLine(window.map(({ atMs, bytes }) => ({ at: atMs, value: bytes })));
  const first = window[0]?.atMs ?? 0;
  const last = window.at(-1)?.atMs ?? 0;
  const spanMs = last - first;
  if (spanMs < MIN_SPAN_MS || line.slope * spanMs < MIN_GROWTH_RATIO * limitBytes) return null;
  const residuals = window.map(({ atMs, bytes }) => bytes - line.valueAt(atMs));
  const stepMs = spanMs / PARTS;
  const stepBytes = stepDeviation(parts);
  // By readings that lie off the line together, or by uneven growth, as a random walk shows it: whichever says more.
  const error = Math.max(lineError(residuals, spanMs), (T_QUANTILE * stepBytes) / Math.sqrt(PARTS - 1) / stepMs);
  const slopeLow = line.slope - error;
  if (slopeLow <= 0) return null;
  return { slope: line.slope, slopeLow, slopeHigh: line.slope + error, stepBytes, stepMs, at: line.valueAt };
}

/** Both edges of the band must rise, without a fall of a third of the growth, and no quarter may carry most of it. */
function growsThroughout(parts: readonly number[][]): boolean {
  const middles = parts.map(median);
  const growth = (middles.at(-1) ?? 0) - (middles[0] ?? 0);
  if (growth <= 0) return false;
  const edges = [parts.map((part) => Math.min(...part)), parts.map((part) => Math.max(...part)), middles];
  if (edges.some((edge) => deepestFall(edge) > growth / 3)) return false;
  const quarters = split(middles, 4).map(mean);
  const steps = quarters.slice(1).map((value, at) => value - (quarters[at] ?? 0));
  const total = steps.reduce((sum, step) => sum + step, 0);
  const average = total / steps.length;
  return (
    steps.every((step) => step > 0.15 * average && step < 0.65 * total) && (steps.at(-1) ?? 0) > LATE_SHARE * average
  );
}

/** A few jumps with nothing between them are events, however evenly they fell. */
function isStaircase(window: readonly Point[]): boolean {
  const middles = split(window, FINE_PARTS).map((part) => median(part.map(({ bytes }) => bytes)));
  const average = ((middles.at(-1) ?? 0) - (middles[0] ?? 0)) / (FINE_PARTS - 1);
  const risen = middles.slice(1).filter((value, at) => value - (middles[at] ?? 0) > RISEN_SHARE * average);
  return risen.length < MOST_FINE_PARTS;
}

function deepestFall(values: readonly number[]): number {
  let highest = Number.NEGATIVE_INFINITY;
  let deepest = 0;
  for (const value of values) {
    highest = Math.max(highest, value);
    deepest = Math.max(deepest, highest - value);
  }
  return deepest;
}

/** The standard error of a line's slope, times two, with as many readings as are independent of one another. */
function lineError(residuals: readonly number[], spanMs: number): number {
  const count = residuals.length;
  const spread = standardDeviation(residuals);
  const correlation = Math.min(0.98, Math.max(0, autocorrelation(residuals)));
  const independent = Math.max(4, (count * (1 - correlation)) / (1 + correlation));
  return (2 * spread * Math.sqrt(12)) / (spanMs * Math.sqrt(independent));
}

function stepDeviation(parts: readonly number[][]): number {
  const middles = parts.map(median);
  return standardDeviation(middles.slice(1).map((value, at) => value - (middles[at] ?? 0)));
}

function autocorrelation(values: readonly number[]): number {
  let product = 0;
  let square = 0;
  for (let at = 1; at < values.length; at++) {
    product += (values[at] ?? 0) * (values[at - 1] ?? 0);
    square += (values[at] ?? 0) ** 2;
  }
  return square === 0 ? 0 : product / square;
}

/** Whether the window ends above all that was there before it. */
function isUnprecedented(earlier: readonly Reading[], window: readonly Point[]): boolean {
  if (earlier.length === 0) return true;
  const recent = median(window.slice(-Math.ceil(window.length / PARTS)).map(({ bytes }) => bytes));
  return (
    recent >
    quantile(
      earlier.map(({ usedBytes }) => usedBytes),
      0.99,
    )
  );
}

function toForecast(trend: Trend, window: readonly Reading[], limitBytes: number): Forecast {
  const endMs = window.at(-1)?.atMs ?? 0;
  const spanMs = endMs - (window[0]?.atMs ?? 0);
  const leftBytes = limitBytes - trend.at(endMs);
  // Single readings, not bins: it is a peak that first touches the limit.
  const residuals = window.map(({ atMs, usedBytes }) => usedBytes - trend.at(atMs));
  const seconds = (slope: number, offset: number) => Math.max(0, (leftBytes - offset) / slope / 1000);
  const secondsToLimit = seconds(trend.slope, 0);
  if (secondsToLimit * 1000 > HORIZON_WINDOWS * spanMs) return NO_FORECAST;
  // Growth as uneven as it was wanders off the line by the root of the time that it has left to do so.
  const wander = WANDER * trend.stepBytes * Math.sqrt((secondsToLimit * 1000) / trend.stepMs);
  return {
    secondsToLimit,
    low: seconds(trend.slopeHigh, quantile(residuals, 1) + wander),
    high: seconds(trend.slopeLow, quantile(residuals, 0.02) - wander),
  };
}
