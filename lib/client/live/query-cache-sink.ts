import type { QueryClient } from "@tanstack/react-query";
import type { SamplePush } from "../../contracts/events.ts";
import type { LeakReport, MemoryReport, OptimizationRun, StoreMoment } from "../../contracts/memory.ts";
import { memoryKeys, type RunPage } from "../queries/memory.ts";
import { appendSamples, type Timeline } from "../timeline/timeline.ts";
import type { LiveConnection, LiveSink } from "./live-connection.ts";
import { appendMoment } from "./store-history.ts";

/** Writes the live feed into the query cache: a page reads its queries and never knows where news came from. */
export function createQueryCacheSink(client: QueryClient): LiveSink {
  return {
    sample(push, recent) {
      updateReport(client, (report) => ({ ...report, ...fromPush(push) }));
      client.setQueryData<readonly StoreMoment[]>(
        memoryKeys.stores,
        (history) => history && appendMoment(history, push),
      );
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
  ];
  return () => {
    for (const end of ends) end();
  };
}

function fromPush(push: SamplePush): Pick<MemoryReport, "sample" | "stores"> {
  return { sample: push.sample, stores: push.stores };
}

function refetchStores(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: memoryKeys.stores });
}

function updateReport(client: QueryClient, change: (report: MemoryReport) => MemoryReport): void {
  client.setQueryData<MemoryReport>(memoryKeys.report, (report) => report && change(report));
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
  client.setQueryData<RunPage>(memoryKeys.runs, (page) => page && { ...page, items: withRun(page.items, run) });
}

/** Newest first, one entry per run. */
function withRun(runs: readonly OptimizationRun[], run: OptimizationRun): OptimizationRun[] {
  return [run, ...runs.filter(({ id }) => id !== run.id)].slice(0, 200);
}
