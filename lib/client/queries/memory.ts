import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import { page } from "../../contracts/common.ts";
import {
  historySchema,
  type MemorySample,
  memoryReportSchema,
  optimizationRunSchema,
  type StoreMoment,
  storeHistorySchema,
} from "../../contracts/memory.ts";
import { call } from "../http.ts";
import { type Range, rangeSpanMs, stepSecondsFor } from "../timeline/range.ts";
import { createTimeline, type Timeline } from "../timeline/timeline.ts";

/** Up to here the history is asked for as sampled: it then has the breakdown, and live samples continue it exactly. */
const LONGEST_AS_SAMPLED_MS = 6 * 3_600_000;

export const memoryKeys = {
  report: ["memory", "report"] as const,
  timelines: ["memory", "timeline"] as const,
  timeline: (range: Range) => ["memory", "timeline", range] as const,
  before: (range: Range) => ["memory", "before", range] as const,
  runs: ["memory", "runs"] as const,
  stores: ["memory", "stores"] as const,
  preview: ["memory", "preview"] as const,
};

/** The sample of now, stores, leaks, forecast and advice. The live socket keeps it up to date, so it is never refetched by age. */
export const memoryReportQuery = queryOptions({
  queryKey: memoryKeys.report,
  queryFn: ({ signal }) => call(memoryReportSchema, "/monitoring/memory", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

/** What the stores held and answered, sample by sample since the server's start; the live socket appends to it. */
export const storeHistoryQuery = queryOptions({
  queryKey: memoryKeys.stores,
  queryFn: async ({ signal }): Promise<readonly StoreMoment[]> =>
    (await call(storeHistorySchema, "/monitoring/memory/stores", { signal })).moments,
  staleTime: Number.POSITIVE_INFINITY,
});

/** The window that ends now; the live socket appends to it. */
export function timelineQuery(range: Range) {
  return queryOptions({
    queryKey: memoryKeys.timeline(range),
    queryFn: ({ signal }) => fetchTimeline(range, Date.now(), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The window of the same length before it, to compare with. */
export function timelineBeforeQuery(range: Range) {
  return queryOptions({
    queryKey: memoryKeys.before(range),
    queryFn: ({ signal }) => fetchTimeline(range, Date.now() - rangeSpanMs(range), signal),
    staleTime: 60_000,
  });
}

async function fetchTimeline(range: Range, toMs: number, signal: AbortSignal): Promise<Timeline> {
  const spanMs = rangeSpanMs(range);
  const query = { from: new Date(toMs - spanMs).toISOString(), to: new Date(toMs).toISOString() };
  const ask = (stepSeconds?: number) =>
    call(historySchema, "/monitoring/memory/history", { query: { ...query, stepSeconds }, signal });
  const stepSeconds = stepSecondsFor(spanMs);
  if (spanMs > LONGEST_AS_SAMPLED_MS) return createTimeline(spanMs, await ask(stepSeconds), toMs);
  const asSampled = await ask();
  return createTimeline(spanMs, asSampled.truncated ? await ask(stepSeconds) : asSampled, toMs);
}

/** At most this many answers of 2,000 samples are joined; a longer absence is left to the next full load. */
const MOST_PAGES = 5;

/** Every sample after `sequence`, oldest first, and whether that is all. */
export async function fetchSamplesAfter(sequence: number): Promise<{ samples: MemorySample[]; complete: boolean }> {
  const samples: MemorySample[] = [];
  let afterSequence = sequence;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const history = await call(historySchema, "/monitoring/memory/history", { query: { afterSequence } });
    for (const entry of history.samples) if ("sequence" in entry) samples.push(entry);
    const newest = samples.at(-1)?.sequence ?? afterSequence;
    if (!history.truncated || newest === afterSequence) return { samples, complete: !history.truncated };
    afterSequence = newest;
  }
  return { samples, complete: false };
}

const runPageSchema = page(optimizationRunSchema);

/** What a run would free now, lossless steps only. Operators only; it changes nothing. */
export const optimizePreviewQuery = queryOptions({
  queryKey: memoryKeys.preview,
  queryFn: ({ signal }) => optimize({ dryRun: true }, signal),
  staleTime: 60_000,
});

/** Past runs of the optimizer, newest first. */
export const optimizationRunsQuery = queryOptions({
  queryKey: memoryKeys.runs,
  queryFn: ({ signal }) => call(runPageSchema, "/monitoring/memory/optimizations", { query: { limit: 200 }, signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export interface OptimizeRequest {
  dryRun?: boolean;
  targetRatio?: number;
  steps?: string[];
}

export function optimize(request: OptimizeRequest, signal?: AbortSignal) {
  return call(optimizationRunSchema, "/monitoring/memory/optimize", {
    method: "POST",
    body: request,
    ...(signal === undefined ? {} : { signal }),
  });
}

export type RunPage = z.infer<typeof runPageSchema>;
