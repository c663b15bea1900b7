import { median } from "../../shared/median.ts";
import { type Point, theilSen } from "../statistics.ts";
import { batchTrend } from "./batch-trend.ts";
import {
  churning,
  followsLoad,
  gatheringSpeed,
  type LoadAt,
  lastsLongEnough,
  levellingOff,
  type MeanLoad,
  pausing,
  RULED_OUT,
  type RuledOut,
  refilling,
  risesWithLoad,
  scattered,
  slowedDown,
  unsteady,
  withoutLoad,
  workAxis,
} from "./growth-tests.ts";
import type { Horizons } from "./horizons.ts";
import type { LiveCurve } from "./live-curve.ts";
import type { Mark } from "./mark.ts";
import { scatters, supportTrend } from "./support-trend.ts";

export type Stage = "clear" | "suspected" | "confirmed";

export interface Assessment {
  readonly stage: Stage;
  /** The test that the most promising span failed; null when it failed none. */
  readonly ruledOut: RuledOut | null;
  readonly method: "live-curve" | "support-band" | "batches" | "floor";
  /** The span that was judged, in marks. */
  readonly from: number;
  readonly to: number;
  /** Bytes per mark, with a 90 % interval. */
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  readonly growthBytes: number;
  readonly confidence: number;
}

export interface Context {
  /** Marks since the process was first seen. */
  readonly age: number;
  /** Mean load per mark around a mark; null where load does not vary enough to matter. */
  readonly loadAt: LoadAt | null;
  /** The highest level held before the window, bytes: climbing back to it is a refill. */
  readonly formerHigh: number;
  readonly horizons: Horizons;
  /** Null where no request was ever told. */
  readonly meanLoad: MeanLoad | null;
  /** Whether a whole day has been seen: until then growth that began late may be the morning. */
  readonly dayKnown: boolean;
}

/** Collections within a span that tell growth that levels off from growth that goes on. */
const PROOF = 3;

export const NOTHING: Assessment = {
  stage: "clear",
  ruledOut: "too-young",
  method: "floor",
  from: 0,
  to: 0,
  slope: 0,
  low: 0,
  high: 0,
  growthBytes: 0,
  confidence: 0,
};

/**
 * Judges a live curve: is there a span up to now in which memory that nothing explains grew steadily, for long enough?
 * O(points²), with at most 44 points.
 */
export function assess(curve: LiveCurve | null, context: Context): Assessment {
  const last = curve?.points.at(-1);
  if (!curve || !last) return NOTHING;
  const { horizons } = context;
  let adjusted: readonly Point[] | null = null;
  const least = leastGrowth(last.value, horizons);
  let best = NOTHING;
  for (let start = 0; start + 2 < curve.points.length; start++) {
    const from = curve.points[start];
    if (!from || extend(from.at, last.at, curve, horizons) < horizons.suspectSpan) break;
    // Most spans of most programs end here, without a look at their shape.
    if (last.value - from.value < least) {
      if (best === NOTHING) best = { ...NOTHING, ruledOut: "no-growth", from: from.at, to: last.at };
      continue;
    }
    adjusted ??= withoutLoad(curve.points, context.loadAt);
    const verdict = judge(curve.points.slice(start), adjusted.slice(start), curve, context);
    if (promise(verdict) > promise(best)) best = verdict;
    if (verdict.stage === "confirmed") break;
  }
  if (best.stage !== "confirmed") best = judgeSupport(curve, context) ?? best;
  if (best.method === "support-band") return best;
  if (best.stage === "clear") return { ...best, slope: best.growthBytes / Math.max(1, best.to - best.from) };
  const { slope, low, high } = theilSen(curve.points.filter((p) => p.at >= best.from));
  const method = curve.anchors === curve.points ? "floor" : "live-curve";
  return Number.isFinite(slope) ? { ...best, slope, low, high, method } : { ...best, method };
}

const STAGES: Record<Stage, number> = { clear: 0, suspected: 1, confirmed: 2 };

function promise(a: Assessment): number {
  const passed = a.ruledOut === null ? RULED_OUT.length : RULED_OUT.indexOf(a.ruledOut);
  return STAGES[a.stage] * 100 + passed + a.confidence;
}

/** Growth below this is not worth anyone's time, bytes. */
function leastGrowth(level: number, h: Horizons): number {
  return Math.max(h.minimumBytes, h.minimumShare * level);
}

/** Marks of growth: what collections prove, and a part of what the raw envelope suggests since the last one. */
function extend(from: number, to: number, curve: LiveCurve, h: Horizons): number {
  return to - from + h.unprovenShare * Math.min(curve.unprovenSpan, h.unprovenCap * (to - from));
}

function judge(span: readonly Point[], adjusted: readonly Point[], curve: LiveCurve, context: Context): Assessment {
  const h = context.horizons;
  const [first, last] = [span[0], span.at(-1)];
  if (!first || !last) return NOTHING;
  const length = last.at - first.at;
  const growth = last.value - first.value;
  const unexplained = Math.min(growth, (adjusted.at(-1)?.value ?? 0) - (adjusted[0]?.value ?? 0));
  const least = leastGrowth(last.value, h);
  const extended = extend(first.at, last.at, curve, h);
  const confidence = confidenceOf(extended / h.reach, unexplained / least);
  const base = { ...NOTHING, from: first.at, to: last.at, growthBytes: unexplained, confidence };
  const inSpan = (p: { readonly at: number }) => p.at >= first.at;
  const readings = curve.readings.filter(inSpan);
  const formerHigh = Math.max(context.formerHigh, ...curve.held.filter((p) => !inSpan(p)).map((p) => p.value));

  let ruledOut: RuledOut | null = null;
  if (unexplained < Math.max(least, 0.5 * growth) || followsLoad(curve.readings, context.loadAt)) ruledOut = "load";
  else if (risesWithLoad(first, last, context.meanLoad)) ruledOut = "load";
  else if (refilling(first, last, formerHigh)) ruledOut = "refill";
  else ruledOut = unsteady(span, h);
  if (ruledOut === "step" || ruledOut === "uneven" || ruledOut === "plateau") {
    if (context.loadAt && !unsteady(span, h, workAxis(span, context.loadAt))) ruledOut = null;
  }
  // Off the heap every reading is known, and the late blocks have shown a plateau already.
  const collected = curve.anchors !== curve.points;
  ruledOut ??= collected && slowedDown(curve.anchors, first.at, growth / length) ? "plateau" : null;
  ruledOut ??= collected && !context.loadAt && pausing(curve.anchors, first, last) ? "uneven" : null;
  ruledOut ??= scattered(curve.anchors.filter(inSpan), readings, growth) ? "noise" : null;
  ruledOut ??= churning(curve.segments.filter(inSpan), readings.length) ? "noise" : null;
  if (ruledOut) return { ...base, ruledOut };
  const rate = growth / length;
  const long = context.age >= h.age && lastsLongEnough(curve.points, first, extended, rate, h);
  const proven = !collected || readings.length >= PROOF || !levellingOff(curve.points, first, rate, h);
  const day = mayBeTheDay(first, last, context) || mayBeDawn(curve.points, first, rate, context);
  const confirmed = long && proven && !day;
  return { ...base, stage: confirmed ? "confirmed" : "suspected", ruledOut: null };
}

/**
 * Without requests to go by, and before a whole day was seen, a morning looks like a leak: growth that did not begin with the process, or
 * shows only hours later, must last for half a day.
 */
function mayBeTheDay(from: Point, to: Point, { meanLoad, dayKnown, horizons: h }: Context): boolean {
  if (dayKnown || meanLoad || to.at - from.at >= h.halfDay) return false;
  return from.at > h.withProcess || to.at > h.firstHours;
}

/** And growth that did begin with the process must not gather speed: that is how a day begins. */
function mayBeDawn(points: readonly Point[], from: Point, rate: number, { meanLoad, dayKnown }: Context): boolean {
  return !dayKnown && !meanLoad && gatheringSpeed(points, from, rate);
}

/** The second look at scattered readings: at least 1.3 hours of them, since the band needs its edges visited. */
function judgeSupport(curve: LiveCurve, context: Context): Assessment | null {
  const [first, last] = [curve.readings[0], curve.readings.at(-1)];
  if (!first || !last || curve.anchors === curve.points) return null;
  if (last.at - first.at < 1.3 * context.horizons.reach || context.formerHigh > last.value) return null;
  if (context.loadAt || mayBeTheDay(first, last, context) || !scatters(curve.readings)) return null;
  const trend = supportTrend(curve.readings);
  if (!trend || trend.low <= 0) return null;
  // Where readings lie on their own floor, they do not scatter: a plateau after growth would pass for a narrow band.
  const scatter = median(curve.readings.map((r, i) => r.value - (curve.anchors[i]?.value ?? r.value)));
  if (scatter < 0.2 * trend.slope * (last.at - first.at)) return null;
  const growthBytes = trend.slope * (last.at - first.at);
  if (growthBytes < context.horizons.minimumBytes) return null;
  const level = median(curve.readings.map((r) => r.value)) - growthBytes / 2;
  if (risesWithLoad({ ...first, value: level }, { ...last, value: level + growthBytes }, context.meanLoad)) return null;
  const { slope, low, high } = trend;
  const confidence = confidenceOf(trend.gain / 6, 2);
  return {
    stage: "confirmed",
    ruledOut: null,
    method: "support-band",
    from: first.at,
    to: last.at,
    slope,
    low,
    high,
    growthBytes,
    confidence,
  };
}

/** The third look, where batches scatter the readings: at what outlived each pause between two. Null where they do not. */
export function judgeBatches(marks: readonly Mark[], firstAt: number, context: Context): Assessment | null {
  const { horizons, age } = context;
  const trend = context.loadAt || age < horizons.age ? null : batchTrend(marks, firstAt, horizons);
  if (!trend) return null;
  const { slope, low, high } = trend;
  const [from, to] = [trend.first.at, trend.last.at];
  const growthBytes = slope * (to - from);
  const least = leastGrowth(trend.last.value, horizons);
  const explained =
    mayBeTheDay(trend.first, trend.last, context) || risesWithLoad(trend.first, trend.last, context.meanLoad);
  if (explained || !trend.grows || growthBytes < least) return { ...NOTHING, ruledOut: "noise", from, to, growthBytes };
  const confidence = confidenceOf((to - from) / horizons.reach, growthBytes / least);
  return { stage: "confirmed", ruledOut: null, method: "batches", from, to, slope, low, high, growthBytes, confidence };
}

/** Between 0.5 and 0.99: longer and larger growth is surer. An ordering for people, not a probability. */
function confidenceOf(lengthRatio: number, sizeRatio: number): number {
  return Math.min(0.99, 0.5 + 0.3 * Math.min(1, lengthRatio) + 0.2 * Math.min(1, sizeRatio / 4));
}
