import type { History, HistoryStep, MemorySample } from "../../contracts/memory.ts";
import { mergePoints, type Point, pointFromSample, pointFromStep } from "./point.ts";
import { MAX_POINTS } from "./range.ts";

/**
 * A window of the past that ends now. Points are in order of time, at most `2 × MAX_POINTS` of them,
 * and none is older than `spanMs` before the newest.
 */
export interface Timeline {
  spanMs: number;
  /** Width of a point; 0 as long as each sample is a point of its own. */
  stepMs: number;
  points: readonly Point[];
  /** Starts of another process that the server told of; points tell of those since. */
  restarts: readonly { atMs: number; bootId: string }[];
  /** The newest sample in it: what comes next must be `lastSequence + 1`. */
  lastSequence: number | null;
}

/** @param nowMs no point lies beyond it. */
export function createTimeline(spanMs: number, history: History, nowMs?: number): Timeline {
  const stepMs = (history.stepSeconds ?? 0) * 1000;
  const points = history.samples.map((entry) =>
    isStep(entry) ? pointFromStep(entry, stepMs, nowMs) : pointFromSample(entry),
  );
  const lastSequence = points.reduce<number | null>((last, point) => point.sequence ?? last, null);
  const restarts = (history.restarts ?? []).map(({ bootId, at }) => ({ bootId, atMs: Date.parse(at) }));
  return settle({ spanMs, stepMs, points, restarts, lastSequence });
}

function isStep(entry: MemorySample | HistoryStep): entry is HistoryStep {
  return "startAt" in entry;
}

/** The timeline with newer samples added; those it already has are passed over. */
export function appendSamples(timeline: Timeline, samples: readonly MemorySample[]): Timeline {
  const points = [...timeline.points];
  let { lastSequence } = timeline;
  for (const sample of samples) {
    if (lastSequence !== null && sample.sequence <= lastSequence) continue;
    addPoint(points, pointFromSample(sample), timeline.stepMs);
    lastSequence = sample.sequence;
  }
  return lastSequence === timeline.lastSequence ? timeline : settle({ ...timeline, points, lastSequence });
}

/** Adds a point at the end, folded into the last where both lie in the same step. */
function addPoint(points: Point[], point: Point, stepMs: number): void {
  const last = points.at(-1);
  if (stepMs > 0 && last && Math.floor(last.atMs / stepMs) === Math.floor(point.atMs / stepMs)) {
    points[points.length - 1] = mergePoints(last, point, last.atMs);
  } else points.push(point);
}

/** Drops what has left the window; when the points are twice as many as a chart draws, doubles the step. */
function settle(timeline: Timeline): Timeline {
  const newest = timeline.points.at(-1)?.atMs ?? 0;
  let points = timeline.points.filter((point) => point.atMs >= newest - timeline.spanMs);
  let { stepMs } = timeline;
  while (points.length > 2 * MAX_POINTS) {
    stepMs = stepMs === 0 ? Math.ceil(timeline.spanMs / MAX_POINTS / 1000) * 1000 : stepMs * 2;
    points = coarsen(points, stepMs);
  }
  return { ...timeline, stepMs, points };
}

/** At most one point per step, at the step's middle, but not after its last point: that would be the future. */
export function coarsen(points: readonly Point[], stepMs: number): Point[] {
  const coarse: Point[] = [];
  const stepOf = (point: Point) => Math.floor(point.atMs / stepMs);
  for (const point of points) {
    const step = stepOf(point);
    const atMs = Math.min((step + 0.5) * stepMs, point.atMs);
    const last = coarse.at(-1);
    if (last && stepOf(last) === step) coarse[coarse.length - 1] = mergePoints(last, point, atMs);
    else coarse.push({ ...point, atMs });
  }
  return coarse;
}

/** At most `MAX_POINTS` for a chart, extremes kept. */
export function drawablePoints(timeline: Timeline): readonly Point[] {
  if (timeline.points.length <= MAX_POINTS) return timeline.points;
  return coarsen(timeline.points, Math.ceil(timeline.spanMs / (MAX_POINTS - 1)));
}

/** Moments at which another process answers than before, in order: those the server keeps, and those the points tell of. */
export function restartsOf(timeline: Pick<Timeline, "points" | "restarts">): number[] {
  const byBoot = new Map(timeline.restarts.map(({ bootId, atMs }) => [bootId, atMs]));
  for (const [at, { bootId, atMs }] of timeline.points.entries()) {
    const before = timeline.points[at - 1]?.bootId;
    if (before && bootId && before !== bootId && !byBoot.has(bootId)) byBoot.set(bootId, atMs);
  }
  const firstMs = timeline.points[0]?.atMs ?? Number.POSITIVE_INFINITY;
  return [...byBoot.values()].filter((atMs) => atMs >= firstMs).sort((a, b) => a - b);
}
