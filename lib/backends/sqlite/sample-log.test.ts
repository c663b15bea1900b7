import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HistoryStep, MemorySample } from "../../contracts/memory.ts";
import { COMPONENTS } from "../../contracts/memory.ts";
import type { DatabaseClient } from "./database-client.ts";
import { SqliteSampleLog } from "./sample-log.ts";
import { openTestDatabase } from "./testing/open-database.ts";

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

function sample(sequence: number, atMs: number, usedBytes: number): MemorySample {
  return {
    sequence,
    bootId: "boot",
    sampledAt: new Date(atMs).toISOString(),
    nodeId: "node",
    limitBytes: 1000,
    limitSource: "configured",
    usedBytes,
    usedRatio: usedBytes / 1000,
    level: "normal",
    process: {
      rssBytes: usedBytes,
      heapUsedBytes: 1,
      heapTotalBytes: 2,
      heapLimitBytes: 3,
      externalBytes: 4,
      arrayBuffersBytes: 5,
    },
    container: { limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null },
    breakdown: COMPONENTS.map((component) => ({ component, bytes: component === "runtime" ? usedBytes : 0 })),
    gc: { minorCount: 0, majorCount: 0, pauseMs: 1, heapUsedAfterMajorBytes: null },
    eventLoop: { delayP99Ms: 2, utilizationRatio: 0 },
    activity: { requests: 1 },
  };
}

/** Two samples a minute for ten hours: usage is the sequence. */
const samples = Array.from({ length: 1200 }, (_, index) => sample(index + 1, START_MS + index * 30_000, index + 1));
const EVERYTHING = { fromMs: 0, toMs: START_MS + 48 * HOUR_MS };

describe("SqliteSampleLog", () => {
  let database: DatabaseClient;
  beforeAll(async () => {
    ({ database } = await openTestDatabase());
  });
  afterAll(() => database.close());

  const counts = async () => {
    const [row] = await database.all<{ full: number; fine: number; coarse: number }>(
      `SELECT (SELECT count(*) FROM "Sample") AS full,
        (SELECT count(*) FROM "SampleRollup" WHERE "stepSeconds" = 300) AS fine,
        (SELECT count(*) FROM "SampleRollup" WHERE "stepSeconds" = 3600) AS coarse`,
    );
    return row;
  };

  it("gives samples back as they were, goes on after a sequence, and ignores what it has", async () => {
    const log = new SqliteSampleLog(database, "node");
    expect(await log.lastSequence()).toBe(0);
    await log.append(samples);
    await log.append(samples.slice(0, 3));
    expect(await log.lastSequence()).toBe(1200);
    expect((await log.samples(EVERYTHING)).samples).toEqual(samples);
    expect((await log.samples(EVERYTHING, 1197)).samples).toEqual(samples.slice(1197));
  });

  it("groups by step, leaves gaps out, and answers the same before and after samples are rolled up twice", async () => {
    const bounds = { maxSamples: 100, fineMs: 2 * HOUR_MS, coarseMs: 365 * 24 * HOUR_MS };
    const log = new SqliteSampleLog(database, "node", bounds);
    const before = (await log.steps(EVERYTHING, 3600)).samples as HistoryStep[];
    expect(before).toHaveLength(10);
    expect(before[1]).toMatchObject({
      count: 120,
      min: { usedBytes: 121 },
      max: { usedBytes: 240 },
      mean: { usedBytes: 180.5 },
    });
    while (await log.trim(START_MS + 10 * HOUR_MS));
    const kept = await counts();
    expect(kept?.full).toBeLessThanOrEqual(bounds.maxSamples);
    expect(kept?.fine).toBeLessThanOrEqual(24);
    expect(kept?.coarse).toBeGreaterThan(5);
    expect((await log.steps(EVERYTHING, 3600)).samples).toEqual(before);
  });

  it("forgets hours after their year", async () => {
    const log = new SqliteSampleLog(database, "node", { maxSamples: 100, fineMs: HOUR_MS, coarseMs: 24 * HOUR_MS });
    while (await log.trim(START_MS + 40 * 24 * HOUR_MS));
    expect(await counts()).toMatchObject({ fine: 0, coarse: 0 });
  });

  it("tells of every restart though the samples that knew of it were rolled up, and of no first start", async () => {
    const { database, file } = await openTestDatabase();
    const log = new SqliteSampleLog(database, "node", { maxSamples: 100, fineMs: 1, coarseMs: 365 * 24 * HOUR_MS });
    const boots = ["first", "second", "third"];
    const lives = samples.map((one, at) => ({ ...one, bootId: boots[Math.floor(at / 400)] ?? "" }));
    for (let at = 0; at < lives.length; at += 100) await log.append(lives.slice(at, at + 100));
    while (await log.trim(START_MS + 48 * HOUR_MS));
    const restarts = [
      { bootId: "second", at: lives[400]?.sampledAt },
      { bootId: "third", at: lives[800]?.sampledAt },
    ];
    expect((await log.steps(EVERYTHING, 3600)).restarts).toEqual(restarts);
    expect((await log.samples(EVERYTHING)).restarts).toEqual(restarts);
    const since = { ...EVERYTHING, fromMs: START_MS + 5 * HOUR_MS };
    expect((await log.steps(since, 3600)).restarts).toEqual(restarts.slice(1));
    await database.close();
    rmSync(path.dirname(file), { recursive: true });
  });
});
