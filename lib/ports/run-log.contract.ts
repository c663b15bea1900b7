import { beforeEach, describe, expect, it } from "vitest";
import { type OptimizationRun, optimizationRunSchema } from "../contracts/memory.ts";
import type { RunLog } from "./run-log.ts";

const BOUND = 20;

function runOf(id: string, more: Partial<OptimizationRun> = {}): OptimizationRun {
  const usage = { usedBytes: 10, heapUsedBytes: 5, storeBytes: 3 };
  return optimizationRunSchema.parse({
    id,
    trigger: "manual",
    actor: "tester",
    dryRun: false,
    state: "completed",
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1.25,
    targetRatio: 0.5,
    before: usage,
    after: usage,
    freedBytes: 2,
    rssFreedBytes: 1,
    note: null,
    steps: [{ step: "evict:cache", items: 1, predictedFreedBytes: 2, freedBytes: 2, durationMs: 1, longestPauseMs: 1 }],
    ...more,
  });
}

/** What every driver of RunLog must do. `fresh` makes an empty log of a bound; `reopen` opens the same storage again. */
export function describeRunLog(
  name: string,
  fresh: (maxRuns: number) => Promise<{ rows: RunLog; reopen: () => Promise<RunLog> }>,
): void {
  describe(name, () => {
    let log: RunLog;
    let reopen: () => Promise<RunLog>;
    const listed = async (page: Parameters<RunLog["list"]>[0]) => (await log.list(page)).map(({ id }) => id);
    beforeEach(async () => {
      ({ rows: log, reopen } = await fresh(BOUND));
    });

    it("gives whole runs back, the last appended first, whenever they began", async () => {
      const early = runOf("early", { startedAt: "2025-01-01T00:00:00.000Z", note: 'é "x"', actorNamespace: "n" });
      for (const run of [runOf("a"), runOf("b"), early]) await log.append(run);
      log = await reopen();
      expect(await log.list({ limit: 10 })).toEqual([early, runOf("b"), runOf("a")]);
      expect([await log.find("early"), await log.find("unknown")]).toEqual([early, null]);
    });

    it("is walked page by page, each run once, while others are appended", async () => {
      for (let at = 0; at < 10; at++) await log.append(runOf(`run-${at}`));
      const seen: string[] = [];
      for (let page = await listed({ limit: 4 }); page.length > 0; ) {
        seen.push(...page);
        await log.append(runOf(`late-${seen.length}`));
        page = await listed({ limit: 4, before: seen.at(-1) ?? "" });
      }
      expect(seen).toEqual(Array.from({ length: 10 }, (_, back) => `run-${9 - back}`));
      expect(await listed({ limit: 2 })).toEqual(["late-10", "late-8"]);
    });

    it("keeps the newest runs up to its bound, and lists none before one that has gone", async () => {
      for (let at = 1; at <= BOUND + 3; at++) {
        await log.append(runOf(`run-${at}`));
        expect((await log.list({ limit: 100 })).length).toBe(Math.min(at, BOUND));
      }
      expect(await listed({ limit: 9, before: "run-6" })).toEqual(["run-5", "run-4"]);
      // Not the first page again, when the run that a list went on from has gone meanwhile.
      expect(await listed({ limit: 9, before: "run-2" })).toEqual([]);
      expect([await log.find("run-4"), await log.find("run-3")]).toEqual([runOf("run-4"), null]);
    });

    it("keeps all that are appended at once", async () => {
      await Promise.all(Array.from({ length: BOUND }, (_, at) => log.append(runOf(`run-${at}`))));
      expect(new Set((await (await reopen()).list({ limit: 100 })).map(({ id }) => id)).size).toBe(BOUND);
    });
  });
}
