import type { Figures, History, HistoryQuery, MemorySample } from "../../contracts/memory.ts";
import type { SampleLog } from "../../ports/sample-log.ts";
import type { Clock } from "../../shared/clock.ts";

const HOUR_MS = 3_600_000;

/** The samples or steps of a query; by default those of the last hour. */
export function listHistory(log: SampleLog, clock: Clock, query: HistoryQuery): Promise<History> {
  const toMs = query.to ? Date.parse(query.to) : clock.nowMs();
  // A request with afterSequence wants all later samples, however long the gap.
  const fromMs = query.from ? Date.parse(query.from) : query.afterSequence === undefined ? toMs - HOUR_MS : 0;
  if (query.stepSeconds !== undefined) return log.steps({ fromMs, toMs }, query.stepSeconds);
  return log.samples({ fromMs, toMs }, query.afterSequence);
}

const CSV_FIGURES = [
  "usedBytes",
  "limitBytes",
  "rssBytes",
  "heapUsedBytes",
  "externalBytes",
  "gcPauseMs",
  "delayP99Ms",
  "requests",
] as const satisfies readonly (keyof Figures)[];
/** Figures that may peak within a step, which the mean would hide. */
const CSV_PEAKS = ["usedBytes", "rssBytes", "heapUsedBytes", "externalBytes", "delayP99Ms"] as const;
const CSV_COLUMNS = ["at", ...CSV_FIGURES, "usedBytesMin", ...CSV_PEAKS.map((name) => `${name}Max`)];

/** The main figures as CSV (RFC 4180): of samples, or means of steps; behind them what each row reached. */
export function toCsv(history: History): string {
  const rows = history.samples.map((row) => {
    if ("mean" in row) return csvRow(row.startAt, row.mean, row.min, row.max);
    const figures = { ...row.process, usedBytes: row.usedBytes, limitBytes: row.limitBytes, ...figuresOf(row) };
    return csvRow(row.sampledAt, figures, figures, figures);
  });
  return [CSV_COLUMNS, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

const figuresOf = ({ gc, eventLoop, activity }: MemorySample) => ({
  gcPauseMs: gc.pauseMs,
  delayP99Ms: eventLoop.delayP99Ms,
  requests: activity.requests,
});

function csvRow(at: string, mean: Figures, min: Figures, max: Figures): (string | number)[] {
  return [at, ...CSV_FIGURES.map((name) => mean[name]), min.usedBytes, ...CSV_PEAKS.map((name) => max[name])];
}
