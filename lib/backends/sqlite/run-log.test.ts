import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type OptimizationRun, optimizationRunSchema } from "../../contracts/memory.ts";
import type { Database } from "../../ports/database.ts";
import { Connection } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { toRows } from "./row-table.ts";
import { createRunLog } from "./run-log.ts";

function runOf(id: string): OptimizationRun {
  const usage = { usedBytes: 10, heapUsedBytes: 5, storeBytes: 3 };
  return optimizationRunSchema.parse({
    id,
    trigger: "manual",
    actor: "tester",
    dryRun: false,
    state: "completed",
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1,
    targetRatio: 0.5,
    before: usage,
    after: usage,
    freedBytes: 2,
    rssFreedBytes: 1,
    note: null,
    steps: [{ step: "evict:cache", items: 1, predictedFreedBytes: 2, freedBytes: 2, durationMs: 1, longestPauseMs: 1 }],
  });
}

describe("createRunLog", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "headroom-runs-"));
  const connection = new Connection({
    file: path.join(dir, "runs.db"),
    migrationsDir: path.resolve("prisma/migrations/sqlite"),
    maxBytes: 2 ** 30,
    busyTimeoutMs: 1_000,
  });
  migrate(connection, path.resolve("prisma/migrations/sqlite"));
  afterAll(() => {
    connection.sqlite.close();
    rmSync(dir, { recursive: true });
  });
  /** The thread's connection without the thread: the SQL is what is tested. */
  const database: Pick<Database, "all" | "write"> = {
    all: async <Row>(sql: string, params = []) => toRows<Row>(connection.all(sql, params)),
    write: async (statements) => {
      const [result] = connection.commitTogether([statements]);
      if (!Array.isArray(result)) throw result;
      return result;
    },
  };

  it("gives back whole runs, newest first even within a millisecond, page by page, and keeps no more than its bound", async () => {
    const log = createRunLog(database, "node", 5);
    for (let at = 1; at <= 8; at++) {
      await log.append(runOf(`run-${at}`));
      expect((await log.list({ limit: 100 })).length).toBeLessThanOrEqual(5);
    }
    const first = await log.list({ limit: 2 });
    expect(first).toEqual([runOf("run-8"), runOf("run-7")]);
    expect((await log.list({ limit: 9, before: "run-7" })).map(({ id }) => id)).toEqual(["run-6", "run-5", "run-4"]);
    // Not the first page again, when the run that a list went on from has been dropped meanwhile.
    expect(await log.list({ limit: 9, before: "run-2" })).toEqual([]);
    expect(await log.find("run-4")).toEqual(runOf("run-4"));
    expect(await log.find("run-3")).toBeNull();
  });
});
