import type { History, HistoryQuery } from "../contracts/memory.ts";
import type { SampleLog } from "../ports/sample-log.ts";
import type { Clock } from "../shared/clock.ts";

const HOUR_MS = 3_600_000;

/** The samples, or steps, that a query asks for; the last hour unless it says. */
export function listHistory(log: SampleLog, clock: Clock, query: HistoryQuery): Promise<History> {
  const toMs = query.to ? Date.parse(query.to) : clock.nowMs();
  // Who asks for what came after a sequence wants it all, however long the gap.
  const fromMs = query.from ? Date.parse(query.from) : query.afterSequence === undefined ? toMs - HOUR_MS : 0;
  if (query.stepSeconds !== undefined) return log.steps({ fromMs, toMs }, query.stepSeconds);
  return log.samples({ fromMs, toMs }, query.afterSequence);
}

const CSV_COLUMNS = [
  "at",
  "usedBytes",
  "limitBytes",
  "rssBytes",
  "heapUsedBytes",
  "externalBytes",
  "gcPauseMs",
  "delayP99Ms",
  "requests",
];

/** The main figures as CSV (RFC 4180): of samples, or means of steps. */
export function toCsv(history: History): string {
  const rows = history.samples.map((row) => {
    if ("mean" in row) {
      const { usedBytes, limitBytes, rssBytes, heapUsedBytes, externalBytes, gcPauseMs, delayP99Ms, requests } =
        row.mean;
      return [
        row.startAt,
        usedBytes,
        limitBytes,
        rssBytes,
        heapUsedBytes,
        externalBytes,
        gcPauseMs,
        delayP99Ms,
        requests,
      ];
    }
    const { rssBytes, heapUsedBytes, externalBytes } = row.process;
    const { usedBytes, limitBytes, gc, eventLoop, activity } = row;
    return [
      row.sampledAt,
      usedBytes,
      limitBytes,
      rssBytes,
      heapUsedBytes,
      externalBytes,
      gc.pauseMs,
      eventLoop.delayP99Ms,
      activity.requests,
    ];
  });
  return [CSV_COLUMNS, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}
