import type { AgentView } from "../../contracts/leaks.ts";
import type { ServicesSummary } from "../../contracts/memory.ts";
import type { LeakWatch } from "../../memory/leaks/leak-watch.ts";
import { LEAK_SERIES } from "../../memory/leaks/sample.ts";
import type { WatchedProcess, WatchedService } from "../../memory/leaks/watched-service.ts";

/** Points per series on a chart. */
const MAX_POINTS = 256;

/** A service with the verdict of its worst process. */
export function serviceView(service: WatchedService, nowMs: number): AgentView {
  const processes = service.processes();
  const worst = service.worst();
  return {
    name: service.name,
    lastSeenAt: isoOf(service.lastSeenMs),
    silentSince: isoOrNull(service.silentSinceMs(nowMs)),
    notWatched: notWatched(worst),
    sampleMs: worst.sampleMs,
    rssBytes: worst.rssBytes,
    heapUsedBytes: worst.heapUsedBytes,
    processes: processes.map((process) => processView(process, service.isSilent(process, nowMs))),
    ...worst.watch.report(),
  };
}

function processView(process: WatchedProcess, silent: boolean): AgentView["processes"][number] {
  const { bootId, watch, lastSeenMs, rssBytes, heapUsedBytes } = process;
  return {
    bootId,
    state: watch.state,
    before: watch.before,
    lastSeenAt: isoOf(lastSeenMs),
    silentSince: silent ? isoOf(lastSeenMs) : null,
    notWatched: notWatched(process),
    samples: watch.detector.samples,
    rssBytes,
    heapUsedBytes,
  };
}

const notWatched = ({ refused }: WatchedProcess) => (refused ? "no-memory" : null);

/** The summary of all services, for the card and the top bar. */
export function summarize(services: readonly AgentView[]): ServicesSummary {
  const named = (applies: (service: AgentView) => boolean) => services.filter(applies).map(({ name }) => name);
  const groupOf = ({ state, before }: AgentView) => {
    if (state === "confirmed") return "confirmed";
    if (before?.state === "confirmed") return "formerly";
    return state === "suspected" || before ? "suspected" : "calm";
  };
  return {
    watched: services.length,
    confirmed: named((s) => groupOf(s) === "confirmed"),
    formerly: named((s) => groupOf(s) === "formerly"),
    suspected: named((s) => groupOf(s) === "suspected"),
    silent: named((s) => s.silentSince !== null),
  };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms));

/** The evidence: the readings of each channel, the judged curve, and the sites that grew. */
export function detail(watch: LeakWatch) {
  const verdicts = new Map(watch.detector.verdicts().map((v) => [v.series, v]));
  const channels = LEAK_SERIES.map((series) => {
    const { marks, curve } = watch.detector.trace(series);
    const verdict = verdicts.get(series);
    const origin = marks[0]?.at ?? 0;
    const at = (mark: number) => new Date(marks[mark - origin]?.atMs ?? 0).toISOString();
    return {
      series,
      stage: verdict?.stage ?? ("clear" as const),
      slopeBytesPerHour: verdict?.slopeBytesPerHour ?? 0,
      slopeLow: verdict?.slopeLow ?? 0,
      slopeHigh: verdict?.slopeHigh ?? 0,
      fromAt: verdict && verdict.stage !== "clear" ? verdict.firstSeenAt : null,
      raw: marks
        .slice(-MAX_POINTS)
        .map((m) => ({ at: new Date(m.atMs).toISOString(), bytes: m.low, collected: m.exact })),
      live: curve.filter((p) => p.at >= origin).map((p) => ({ at: at(p.at), bytes: Math.round(p.value) })),
    };
  });
  return { samples: watch.detector.samples, ruledOut: watch.ruledOut(), channels, sites: watch.culprits() };
}
