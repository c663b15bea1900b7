import { randomUUID } from "node:crypto";
import type { OptimizationRun } from "../contracts/memory.ts";
import { exposeGc } from "../memory/collector.ts";
import { MemoryControl } from "../memory/memory-control.ts";
import { MIB } from "../shared/bytes.ts";
import type { Runtime } from "./runtime.ts";

/** What the control needs of a runtime under construction. */
type Parts = Pick<Runtime, "clock" | "log" | "ledger" | "stores" | "settings" | "events" | "helpers" | "runLog"> & {
  heapUsedAfterMajor(): number | null;
  containerLimitBytes(): number | null;
};

export function composeMemoryControl(parts: Parts, lastRun: OptimizationRun | null): MemoryControl {
  const { clock, log, ledger, stores, settings, events, helpers, runLog } = parts;
  return new MemoryControl({
    clock,
    ledger,
    stores: () => stores,
    readUsedBytes: () => process.memoryUsage.rss() + helpers.rssBytes(),
    heapUsed: () => process.memoryUsage().heapUsed,
    heapUsedAfterMajor: parts.heapUsedAfterMajor,
    gc: exposeGc(),
    containerLimitBytes: parts.containerLimitBytes,
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
}
