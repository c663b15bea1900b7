import type { Component, HistoryStep, MemorySample } from "../../contracts/memory.ts";

/** Mean, least and greatest of what fell into one point. */
export interface Spread {
  mean: number;
  min: number;
  max: number;
}

/** One point of the timeline: a single sample, or several that share a step. */
export interface Point {
  /** Middle of what it covers, ms since the epoch. */
  atMs: number;
  samples: number;
  /** Of the newest sample in it; null where the server sent only steps. */
  sequence: number | null;
  bootId: string | null;
  used: Spread;
  limitBytes: number;
  heapUsed: Spread;
  /** Mean per component; null where the server kept only totals. */
  components: Readonly<Partial<Record<Component, number>>> | null;
  gcPauseMs: number;
  minorCount: number | null;
  majorCount: number | null;
  delayP99: Spread;
  requests: number;
}

function single(value: number): Spread {
  return { mean: value, min: value, max: value };
}

function toComponents(breakdown: MemorySample["breakdown"]): NonNullable<Point["components"]> {
  const components: Partial<Record<Component, number>> = {};
  for (const part of breakdown) components[part.component] = part.bytes;
  return components;
}

export function pointFromSample(sample: MemorySample): Point {
  return {
    atMs: Date.parse(sample.sampledAt),
    samples: 1,
    sequence: sample.sequence,
    bootId: sample.bootId,
    used: single(sample.usedBytes),
    limitBytes: sample.limitBytes,
    heapUsed: single(sample.process.heapUsedBytes),
    components: toComponents(sample.breakdown),
    gcPauseMs: sample.gc.pauseMs,
    minorCount: sample.gc.minorCount,
    majorCount: sample.gc.majorCount,
    delayP99: single(sample.eventLoop.delayP99Ms),
    requests: sample.activity.requests,
  };
}

/** @param nowMs ends the step that is still under way: its point stands in the middle of what has passed. */
export function pointFromStep(step: HistoryStep, stepMs: number, nowMs = Number.POSITIVE_INFINITY): Point {
  const startMs = Date.parse(step.startAt);
  const spread = (name: "usedBytes" | "heapUsedBytes" | "delayP99Ms"): Spread => ({
    mean: step.mean[name],
    min: step.min[name],
    max: step.max[name],
  });
  return {
    atMs: Math.max(startMs, (startMs + Math.min(startMs + stepMs, nowMs)) / 2),
    samples: step.count,
    sequence: null,
    bootId: null,
    used: spread("usedBytes"),
    limitBytes: step.mean.limitBytes,
    heapUsed: spread("heapUsedBytes"),
    components: step.breakdown.length === 0 ? null : toComponents(step.breakdown),
    gcPauseMs: step.mean.gcPauseMs * step.count,
    minorCount: null,
    majorCount: null,
    delayP99: spread("delayP99Ms"),
    requests: step.mean.requests * step.count,
  };
}

/** Two points as one: sums are summed, means weighted, extremes kept. `later` gives identity. */
export function mergePoints(earlier: Point, later: Point, atMs: number): Point {
  const samples = earlier.samples + later.samples;
  const weigh = (a: number, b: number) => (a * earlier.samples + b * later.samples) / samples;
  const spread = (a: Spread, b: Spread): Spread => ({
    mean: weigh(a.mean, b.mean),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  });
  const sum = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b);
  return {
    atMs,
    samples,
    sequence: later.sequence,
    bootId: later.bootId,
    used: spread(earlier.used, later.used),
    limitBytes: later.limitBytes,
    heapUsed: spread(earlier.heapUsed, later.heapUsed),
    components: mergeComponents(earlier, later, weigh),
    gcPauseMs: earlier.gcPauseMs + later.gcPauseMs,
    minorCount: sum(earlier.minorCount, later.minorCount),
    majorCount: sum(earlier.majorCount, later.majorCount),
    delayP99: spread(earlier.delayP99, later.delayP99),
    requests: earlier.requests + later.requests,
  };
}

function mergeComponents(earlier: Point, later: Point, weigh: (a: number, b: number) => number): Point["components"] {
  if (earlier.components === null || later.components === null) return null;
  const merged: Partial<Record<Component, number>> = {};
  const names = new Set([...Object.keys(earlier.components), ...Object.keys(later.components)]) as Set<Component>;
  for (const name of names) merged[name] = weigh(earlier.components[name] ?? 0, later.components[name] ?? 0);
  return merged;
}
