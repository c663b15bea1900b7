import type { QueryClient } from "@tanstack/react-query";
import type { SamplePush } from "../../contracts/events.ts";
import type { LeakReport, MemoryReport, OptimizationRun, StoreMoment } from "../../contracts/memory.ts";
import type { StreamJobView } from "../../contracts/streams.ts";
import type { Clock } from "../../shared/clock.ts";
import { memoryKeys, type RunPage } from "../queries/memory.ts";
import { meQuery } from "../queries/session.ts";
import { type StreamPage, streamsQuery, withJob } from "../queries/streams.ts";
import { appendSamples, type Timeline } from "../timeline/timeline.ts";
import { applyEvent, refetchNow } from "./apply-event.ts";
import type { LiveConnection, LiveSink } from "./live-connection.ts";
import { appendMoment } from "./store-history.ts";

/** The forecast and the advice come with no event: while samples come, they are asked for again this often. */
const REPORT_EVERY_MS = 30_000;

/** Writes the live feed into the query cache: a page reads its queries and never knows where news came from. */
export function createQueryCacheSink(client: QueryClient, clock: Clock): LiveSink {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return {
    connected() {
      // What ended while no socket was there was told to nobody. The report follows with the first sample that is shown.
      askedAtMs = Number.NEGATIVE_INFINITY;
      for (const queryKey of [memoryKeys.runs, streamsQuery.queryKey]) void refetchNow(client, queryKey);
    },
    sample(push, recent) {
      if (clock.monotonicMs() - askedAtMs >= REPORT_EVERY_MS) {
        askedAtMs = clock.monotonicMs();
        void client.invalidateQueries({ queryKey: memoryKeys.report });
      }
      updateReport(client, (report) => withPush(report, push));
      applyEvent<readonly StoreMoment[]>(client, memoryKeys.stores, (history) => appendMoment(history, push));
      updateTimelines(client, (timeline) =>
        // Steps carry no sequence, so only the newest sample is known not to be in them already.
        appendSamples(timeline, timeline.lastSequence === null ? [push.sample] : recent),
      );
    },
    backfill(samples) {
      updateTimelines(client, (timeline) => appendSamples(timeline, samples));
      refetchStores(client);
    },
    reload() {
      void client.invalidateQueries({ queryKey: memoryKeys.timelines });
      refetchStores(client);
    },
  };
}

/** Runs and verdicts that the server announces; returns the function that ends it. */
export function followEvents(live: LiveConnection, client: QueryClient): () => void {
  const ends = [
    live.on("memory:leak", (leaks: LeakReport) => updateReport(client, (report) => ({ ...report, leaks }))),
    live.on("memory:optimize-progress", (run: OptimizationRun) => updateRun(client, run)),
    live.on("memory:optimized", (run: OptimizationRun) => updateRun(client, run)),
    live.on("stream:progress", (job: StreamJobView) => followJob(client, job)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** A stream's news, whoever brings it. An operator hears of every namespace's, and the list is of its own. */
export function followJob(client: QueryClient, job: StreamJobView): void {
  const me = client.getQueryData(meQuery.queryKey);
  if (me !== undefined && me.namespace !== job.namespace) return;
  applyEvent<StreamPage>(client, streamsQuery.queryKey, (page) => withJob(page, job));
}

function withPush(report: MemoryReport, { sample, stores }: SamplePush): MemoryReport {
  // An answer can be newer than a push that came while it was under way.
  return sample.sequence < report.sample.sequence ? report : { ...report, sample, stores };
}

function refetchStores(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: memoryKeys.stores });
}

function updateReport(client: QueryClient, change: (report: MemoryReport) => MemoryReport): void {
  applyEvent<MemoryReport>(client, memoryKeys.report, change);
}

function updateTimelines(client: QueryClient, change: (timeline: Timeline) => Timeline): void {
  client.setQueriesData<Timeline>({ queryKey: memoryKeys.timelines }, (timeline) => timeline && change(timeline));
}

function updateRun(client: QueryClient, run: OptimizationRun): void {
  if (run.dryRun) return;
  const running = run.state === "running";
  updateReport(client, (report) => ({
    ...report,
    optimizer: report.optimizer && { ...report.optimizer, running, lastRun: running ? report.optimizer.lastRun : run },
  }));
  applyEvent<RunPage>(client, memoryKeys.runs, (page) => ({ ...page, items: withRun(page.items, run) }));
}

/** Newest first, one entry per run. */
function withRun(runs: readonly OptimizationRun[], run: OptimizationRun): OptimizationRun[] {
  return [run, ...runs.filter(({ id }) => id !== run.id)].slice(0, 200);
}
