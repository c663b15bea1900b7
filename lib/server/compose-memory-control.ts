import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { exposeGc } from "../memory/collector.ts";
import { MemoryControl } from "../memory/memory-control.ts";
import { collectAndGiveBack, QuietCollector } from "../memory/quiet-collector.ts";
import type { RunLog } from "../ports/run-log.ts";
import { MIB } from "../shared/bytes.ts";
import type { Core } from "./core.ts";
import type { Monitor } from "./monitor.ts";

/** The gate for writes, the optimizer, the forecast and the advice, over every store that was composed. */
export async function composeMemoryControl(
  core: Core,
  { gc, container }: Pick<Monitor, "gc" | "container">,
  runLog: RunLog,
): Promise<MemoryControl> {
  const { clock, log, ledger, stores, settings, events, helpers } = core;
  const [lastRun = null] = await runLog.list({ limit: 1 });
  const control = new MemoryControl({
    clock,
    ledger,
    stores: () => stores,
    readUsedBytes: () => process.memoryUsage.rss() + helpers.rssBytes(),
    heapUsed: () => process.memoryUsage().heapUsed,
    heapUsedAfterMajor: () => gc.peek().heapUsedAfterMajorBytes,
    gc: exposeGc(),
    containerLimitBytes: () => container().limitBytes,
    configuredLimitBytes: () => settings.values.memoryLimitMb * MIB,
    atRatio: () => settings.values.optimizeAtRatio,
    log: runLog,
    lastRun,
    newId: randomUUID,
    onProgress: (run) => events.emit("memory:optimize-progress", run),
    onDone(run) {
      const { id, trigger, actor, state, freedBytes, rssFreedBytes, durationMs, note } = run;
      if (trigger !== "scheduled" || state !== "nothing-to-do") {
        log.info({ id, trigger, actor, state, freedBytes, rssFreedBytes, durationMs, note }, "optimized");
      }
      events.emit("memory:optimized", run);
    },
    onAlert: (alert) => events.emit("memory:alert", alert),
    onEpisode: ({ usedRatio, message }) => log.warn({ usedRatio }, message),
    onHardPressure: (closed) =>
      log.warn({ closed }, closed ? "hard pressure: writes are refused" : "writes are taken again"),
    onError: (err) => log.error({ err }, "an automatic optimization could not run"),
  });
  core.onStop(settings.follow(() => control.followLimit()));
  return control;
}

/** Gives back what a burst left in the heap, once it is over; its `start` begins that and returns what ends it. */
export function composeQuietCollector({ clock, env, log, traffic }: Core): { start(): () => void } {
  if (!env.fixed.HEADROOM_GC_TUNING) return { start: () => () => undefined };
  let since = performance.eventLoopUtilization();
  return new QuietCollector({
    clock,
    calls: () => traffic.calls,
    busyShare() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, since);
      since = now;
      return utilization;
    },
    heapBytes: () => getHeapStatistics().total_physical_size,
    collect: collectAndGiveBack,
    onError: (err) => log.warn({ err }, "the heap could not be collected at rest"),
  });
}
