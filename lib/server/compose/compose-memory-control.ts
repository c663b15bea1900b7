import { randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { MemoryControl } from "../../memory/pressure/memory-control.ts";
import { AllocatorTrim, loadGlibc } from "../../memory/relief/allocator-trim.ts";
import { FullCollector } from "../../memory/relief/collector.ts";
import { IdleCollector } from "../../memory/relief/idle-collector.ts";
import type { RunLog } from "../../ports/run-log.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Monitor } from "../observe/monitor.ts";
import type { Core } from "./core.ts";

const rssBytes = (): number => process.memoryUsage.rss();

/** Shared by the optimizer and the idle collection, so that each knows the result of the last run. */
export function composeTrim({ clock, env }: Core): AllocatorTrim {
  return new AllocatorTrim({
    clock,
    rssBytes,
    load: env.fixed.HEADROOM_ALLOCATOR_TRIM ? loadGlibc : async () => null,
  });
}

/** The gate for writes, the optimizer, the forecast and the advice, over every store that was composed. */
export async function composeMemoryControl(
  core: Core,
  { gc, container, giveBack, heapPagesBytes }: Pick<Monitor, "gc" | "container" | "giveBack" | "heapPagesBytes">,
  runLog: RunLog,
  trim: AllocatorTrim,
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
    reclaimers: (heapUsedAfterMajor) => [
      new FullCollector({
        clock,
        rssBytes,
        heapBytes: heapPagesBytes,
        heapUsed: () => process.memoryUsage().heapUsed,
        heapUsedAfterMajor,
        collect: giveBack,
      }),
      trim,
    ],
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
      log.warn({ closed }, closed ? "memory is at its hard limit: writes are refused" : "writes are accepted again"),
    onError: (err) => log.error({ err }, "an automatic optimization could not run"),
  });
  core.onStop(settings.follow(() => control.followLimit()));
  return control;
}

/** Returns the memory of a burst once it is over; `start` begins this and returns a function that stops it. */
export function composeIdleCollector(
  { clock, env, ledger, log, traffic }: Core,
  { giveBack, heapPagesBytes }: Pick<Monitor, "giveBack" | "heapPagesBytes">,
  trim: AllocatorTrim,
): { start(): () => void } {
  if (!env.fixed.HEADROOM_GC_TUNING) return { start: () => () => undefined };
  let since = performance.eventLoopUtilization();
  return new IdleCollector({
    clock,
    calls: () => traffic.calls,
    refusals: () => traffic.memoryRefusals,
    busyShare() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, since);
      since = now;
      return utilization;
    },
    heapBytes: heapPagesBytes,
    ownBytes: () => rssBytes() - ledger.grantedBytes,
    async collect() {
      await giveBack();
      await trim.prepare();
      if (trim.pays(0, false)) await trim.run();
    },
    onError: (err) => log.warn({ err }, "the garbage collection while idle failed"),
  });
}
