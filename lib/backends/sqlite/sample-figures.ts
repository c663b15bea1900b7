import type { Figures, HistoryStep, MemorySample } from "../../contracts/memory.ts";
import { COMPONENTS } from "../../contracts/memory.ts";

/** The figures that history aggregates: the columns of `Sample`. */
export const FIGURES = [
  "usedBytes",
  "limitBytes",
  "rssBytes",
  "heapUsedBytes",
  "heapTotalBytes",
  "externalBytes",
  "arrayBuffersBytes",
  "gcPauseMs",
  "delayP99Ms",
  "requests",
] as const satisfies readonly (keyof Figures)[];

export const COLUMNS = [...FIGURES, ...COMPONENTS] as const;

export function columnsOf(sample: MemorySample): number[] {
  const figures: Figures = {
    usedBytes: sample.usedBytes,
    limitBytes: sample.limitBytes,
    ...sample.process,
    gcPauseMs: sample.gc.pauseMs,
    delayP99Ms: sample.eventLoop.delayP99Ms,
    requests: sample.activity.requests,
  };
  const bytesOf = (name: string) => sample.breakdown.find(({ component }) => component === name)?.bytes ?? 0;
  return [...FIGURES.map((name) => figures[name]), ...COMPONENTS.map(bytesOf)];
}

type Values = Record<(typeof COLUMNS)[number], number>;

/** One bucket of samples: what a row of `SampleRollup` holds as JSON. */
export interface Bucket {
  startAtMs: number;
  count: number;
  min: Values;
  max: Values;
  mean: Values;
}

/** Two buckets as one; means are weighted by their counts. */
export function merge(a: Bucket, b: Bucket): Bucket {
  const count = a.count + b.count;
  const each = (combine: (name: (typeof COLUMNS)[number]) => number): Values =>
    Object.fromEntries(COLUMNS.map((name) => [name, combine(name)])) as Values;
  return {
    startAtMs: Math.min(a.startAtMs, b.startAtMs),
    count,
    min: each((name) => Math.min(a.min[name], b.min[name])),
    max: each((name) => Math.max(a.max[name], b.max[name])),
    mean: each((name) => (a.mean[name] * a.count + b.mean[name] * b.count) / count),
  };
}

export function toStep(bucket: Bucket): HistoryStep {
  const figures = (values: Values) => Object.fromEntries(FIGURES.map((name) => [name, values[name]])) as Figures;
  return {
    startAt: new Date(bucket.startAtMs).toISOString(),
    count: bucket.count,
    min: figures(bucket.min),
    max: figures(bucket.max),
    mean: figures(bucket.mean),
    breakdown: COMPONENTS.map((component) => ({ component, bytes: bucket.mean[component] })),
  };
}
