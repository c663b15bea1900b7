import { median } from "../../shared/median.ts";
import { type Point, regress, theilSen } from "../statistics.ts";
import type { Horizons } from "./horizons.ts";
import type { Segment } from "./live-curve.ts";
import { type Axis, byTime, valueAt } from "./value-at.ts";

/** What kept growth from counting as a leak. */
export const RULED_OUT = [
  "too-young",
  "overclaimed",
  "no-growth",
  "noise",
  "uneven",
  "step",
  "refill",
  "load",
  "plateau",
] as const;
export type RuledOut = (typeof RULED_OUT)[number];

export type LoadAt = (at: number) => number;
/** Mean load per mark from one mark to another, and how far that may be off by its noise (a standard error). */
export type MeanLoad = (from: number, to: number) => { readonly mean: number; readonly error: number };

const STRIDE = 12;
const CHURN_READINGS = 10;
/** By so many standard errors noise hides a rise of requests once in a day of looks. */
const NOISE_ERRORS = 4;
/** But no noise excuses growth by more than this share: few requests, each by itself, are all noise. */
const MOST_DOUBT = 0.1;
const MOST_SPEEDING = 1.3;

/** Growth in every block, the late blocks not much less than the median, none of them most of it. Null when all hold. */
export function unsteady(span: readonly Point[], h: Horizons, axis: Axis = byTime): RuledOut | null {
  const [first, last] = [span[0], span.at(-1)];
  if (!first || !last) return "uneven";
  const from = axis(first);
  const length = axis(last) - from;
  const width = length / h.blocks;
  const edges = Array.from({ length: h.blocks + 1 }, (_, k) => valueAt(span, from + k * width, axis));
  const growth = edges.slice(1).map((value, k) => value - (edges[k] ?? value));
  const total = last.value - first.value;
  if (Math.max(...growth) > h.stepShare * total) return "step";
  const usual = median(growth) / width;
  const lately = (marks: number) => (last.value - valueAt(span, axis(last) - marks, axis)) / marks;
  const lateMarks = Math.min(width, (h.lateMarks * length) / (last.at - first.at));
  if (lately(2 * width) < h.lateShare * usual || lately(lateMarks) < h.lateShare * usual) return "plateau";
  const enough = h.blockShare * (total / h.blocks);
  if ((growth[0] ?? 0) < enough || growth.filter((g) => g >= enough).length < h.blocksGrowing) return "uneven";
  return null;
}

/** Requests served up to each point: what leaks by the request grows evenly along this axis, though not along time. */
export function workAxis(span: readonly Point[], loadAt: LoadAt): Axis {
  const done = new Map<Point, number>();
  let total = 0;
  let before: Point | undefined;
  for (const point of span) {
    if (before) total += loadAt(point.at) * (point.at - before.at);
    done.set(point, total);
    before = point;
  }
  return (p) => done.get(p) ?? 0;
}

/**
 * The curve with what follows the level of load taken out: fitted jointly with time where load and time can be told apart, before
 * it where they cannot (a ramp explains all the growth that it can explain).
 */
export function withoutLoad(points: readonly Point[], loadAt: LoadAt | null): readonly Point[] {
  if (!loadAt || points.length < STRIDE / 2) return points;
  const times = points.map((p) => p.at);
  const values = points.map((p) => p.value);
  const loads = times.map(loadAt);
  const loadOnTime = regress(times, loads);
  const apart = loadOnTime.explained < 0.5;
  const valueDrift = apart ? regress(times, values).slope : 0;
  const loadDrift = apart ? loadOnTime.slope : 0;
  const fit = regress(
    loads.map((load, i) => load - loadDrift * (times[i] ?? 0)),
    values.map((value, i) => value - valueDrift * (times[i] ?? 0)),
  );
  const bytesPerRequest = Math.max(0, fit.slope);
  const origin = loads[0] ?? 0;
  return points.map((p, i) => ({ at: p.at, value: p.value - bytesPerRequest * ((loads[i] ?? origin) - origin) }));
}

/** Whether what collections left follows the load itself, reading by reading: then the level is load's, whatever its course. */
export function followsLoad(readings: readonly Point[], loadAt: LoadAt | null): boolean {
  if (!loadAt || readings.length < 4) return false;
  const fit = regress(
    readings.map((r) => loadAt(r.at)),
    readings.map((r) => r.value),
  );
  return fit.slope > 0 && fit.explained >= 0.9;
}

/**
 * Whether requests rose by as large a share as memory did, as far as their noise lets us see: what is held for a request is then no more
 * than before. Asked before any fit, since noise and small changes of load hide the line through them; a leak goes on when the load does not.
 */
export function risesWithLoad(first: Point, last: Point, meanLoad: MeanLoad | null): boolean {
  if (!meanLoad || first.value <= 0) return false;
  const part = (last.at - first.at) / 6;
  const [before, after] = [meanLoad(first.at, first.at + part), meanLoad(last.at - part, last.at)];
  if (before.mean <= 0) return false;
  const doubt = Math.min(MOST_DOUBT, (NOISE_ERRORS * Math.hypot(before.error, after.error)) / before.mean);
  return (after.mean - before.mean) / before.mean + doubt >= last.value / first.value - 1;
}

/**
 * Whether growth has slowed down since it began, as code does that is compiled when first needed, or a cache with a long tail of keys.
 * Which it is, or a leak behind a warm-up, only more collections tell.
 */
export function levellingOff(points: readonly Point[], from: Point, rate: number, h: Horizons): boolean {
  const { early, late } = thirds(points, from, rate);
  return late < h.levelShare * early;
}

/** Whether growth has gathered speed since it began: that is how a day begins, where nothing is known of the requests. */
export function gatheringSpeed(points: readonly Point[], from: Point, rate: number): boolean {
  const { early, late } = thirds(points, from, rate);
  return late > MOST_SPEEDING * Math.max(0, early);
}

/** What the first and the last third brought of the time since growth began. */
function thirds(points: readonly Point[], from: Point, rate: number): { early: number; late: number } {
  const origin = growthOrigin(points, from.at, rate);
  const end = points.at(-1)?.at ?? origin;
  const third = (end - origin) / 3;
  const between = (start: number) => valueAt(points, start + third) - valueAt(points, start);
  return { early: between(origin), late: between(end - third) };
}

/** Whether memory is still on its way back to a level that it fell from, or hardly past it: the next fill may go as far again. */
export function refilling(first: Point, last: Point, formerHigh: number): boolean {
  return last.value < formerHigh + Math.max(0.3 * (last.value - first.value), formerHigh - first.value);
}

/**
 * Whether growth between the last two known points, two strides apart or more, fell below 0.85 of the rate before them: a cache that
 * became full between two collections shows as growth that slowed down.
 */
export function slowedDown(anchors: readonly Point[], from: number, rate: number): boolean {
  const last = anchors.at(-1);
  const before = anchors.findLast((a) => last !== undefined && a.at <= last.at - 2 * STRIDE);
  if (!last || !before || before.at < from) return false;
  const earlier = anchors.findLast((a) => a.at <= before.at - 2 * STRIDE);
  const earlierRate = earlier ? (before.value - earlier.value) / (before.at - earlier.at) : rate;
  return (last.value - before.value) / (last.at - before.at) < 0.85 * Math.max(rate, earlierRate);
}

/** Whether two collections far apart, amid the growth, left about the same: what leaks under a steady load does not pause. */
export function pausing(anchors: readonly Point[], first: Point, last: Point): boolean {
  const rate = (last.value - first.value) / (last.at - first.at);
  const span = anchors.filter((a) => a.at >= first.at);
  const paused = (a: Point, b: Point) => b.at - a.at >= 2 * STRIDE && b.value - a.value < 0.25 * rate * (b.at - a.at);
  return span.some((a, i) => span.slice(i + 1).some((b) => paused(a, b)));
}

/**
 * Whether most of what the old generation took in was dropped again: what a collection leaves then depends on the moment (how full the
 * batch was), and a few readings in rising order are chance.
 */
export function churning(segments: readonly Segment[], readings: number): boolean {
  const taken = segments.reduce((sum, s) => sum + s.envelopeBytes, 0);
  const kept = segments.reduce((sum, s) => sum + s.liveBytes, 0);
  return readings < CHURN_READINGS && kept < 0.5 * taken;
}

/** Whether the readings scatter so much about their floor that their order may be chance. */
export function scattered(anchors: readonly Point[], readings: readonly Point[], growth: number): boolean {
  const scatter = Math.max(...readings.map((r, i) => r.value - (anchors[i]?.value ?? r.value)));
  if (scatter <= 0.25 * growth && readings.length < 6) return false;
  return readings.length < 6 || theilSen(readings, 48).z < 2.3;
}

/**
 * A warm-up begins at the start, so growth since then must last longer than growth that began later. Growth that follows much
 * faster growth is what a cache that filled leaves behind: it counts from where it slowed down.
 */
export function lastsLongEnough(
  points: readonly Point[],
  from: Point,
  extended: number,
  rate: number,
  h: Horizons,
): boolean {
  const origin = growthOrigin(points, from.at, rate);
  if (origin < from.at) {
    const earlierRate = (from.value - valueAt(points, origin)) / (from.at - origin);
    if (rate < 0.6 * earlierRate) return extended >= h.spanLater;
  }
  const reached = from.at + extended;
  return origin <= h.startMarks ? reached >= h.reach : reached - origin >= h.spanLater;
}

/** Where the growth seen from `from` on really began: back from there while memory grew at 0.3 of the rate or more. */
function growthOrigin(points: readonly Point[], from: number, rate: number): number {
  const earliest = points[0]?.at ?? 0;
  let origin = from;
  while (origin > earliest) {
    const at = Math.max(origin - STRIDE, earliest);
    if (valueAt(points, origin) - valueAt(points, at) < 0.3 * rate * (origin - at)) break;
    origin = at;
  }
  return origin;
}
