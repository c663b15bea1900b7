import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { MemorySample } from "../../lib/contracts/memory.ts";
import { RECORDING, readRecording, writeRecording } from "./recording.ts";
import { type Replayed, replayLoad } from "./replay-load.ts";

describe("The recorded report load, for twelve hours by a fake clock", () => {
  const readings = readRecording(readFileSync(RECORDING));
  const confirmed = (changes: Replayed["changes"]) => changes.filter(({ state }) => state === "confirmed");

  for (const seconds of [1, 2, 30]) {
    it(`is never a confirmed leak, sampled every ${seconds} s`, () => {
      const { samples, changes } = replayLoad(readings, seconds, 12);
      expect(samples).toBe((12 * 3_600) / seconds);
      expect(confirmed(changes)).toEqual([]);
    });
  }

  it("is one within three hours where the heap leaks 12 MiB an hour beside it", () => {
    const { changes } = replayLoad(readings, 30, 3, 12 * 2 ** 20);
    expect(confirmed(changes).map(({ series }) => series)).toContainEqual(expect.arrayContaining(["heap"]));
  });
});

describe("A recording", () => {
  const KIB = 1_024;
  const sampleOf = (second: number, heapPeakBytes: number | undefined): MemorySample => ({
    sequence: second,
    bootId: "a",
    sampledAt: new Date(second * 1_000).toISOString(),
    nodeId: "a",
    limitBytes: 900 * KIB,
    limitSource: "configured",
    usedBytes: 210 * KIB,
    usedRatio: 0.2,
    level: "normal",
    process: {
      ...{ rssBytes: 200 * KIB, heapUsedBytes: 50 * KIB, heapTotalBytes: 60 * KIB, heapLimitBytes: 800 * KIB },
      ...{ externalBytes: 7 * KIB, arrayBuffersBytes: 3 * KIB, heapPeakBytes },
    },
    container: { limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null },
    breakdown: [
      { component: "sessions", bytes: 20 * KIB },
      { component: "runtime", bytes: 120 * KIB },
      { component: "streams", bytes: 4 * KIB },
      { component: "unattributed", bytes: 66 * KIB },
    ],
    gc: { minorCount: 1, majorCount: 2, pauseMs: 0, heapUsedAfterMajorBytes: 40 * KIB },
    eventLoop: { delayP99Ms: 1, utilizationRatio: 0 },
    activity: { requests: 9 },
  });

  it("gives back what was written, the peak of the heap included where it was told", () => {
    const [first, second] = readRecording(writeRecording("a test", [sampleOf(5, 90 * KIB), sampleOf(7, undefined)]));
    expect(first).toEqual({
      ms: 0,
      figures: {
        ...{ limit: 900 * KIB, rss: 200 * KIB, heapUsed: 50 * KIB, heapTotal: 60 * KIB, external: 7 * KIB },
        ...{ arrayBuffers: 3 * KIB, runtime: 120 * KIB, helpers: 10 * KIB },
      },
      stores: [20 * KIB, 0, 0, 0, 0, 4 * KIB],
      heapPeak: 90 * KIB,
      afterMajor: 40 * KIB,
      majors: 2,
      requests: 9,
    });
    expect(second).toMatchObject({ ms: 2_000, heapPeak: null });
  });

  it("is no native leak where the heap shrinks into the pool that V8 keeps, since the peak goes with it", () => {
    const [first] = readRecording(readFileSync(RECORDING));
    if (!first) throw new Error("the recording is empty");
    const heapOf = (mib: number) => ({ heapTotal: mib * KIB ** 2, heapUsed: (mib - 8) * KIB ** 2 });
    // A heap of 220 MB shrinks by 1 MB a minute; RSS stays.
    const shrinking = Array.from({ length: 7_200 }, (_, second) => ({
      ...{ ms: second * 1_000, stores: first.stores, afterMajor: null, majors: 0, requests: 10 },
      figures: { ...first.figures, rss: 300 * KIB ** 2, ...heapOf(220 - second / 60) },
    }));
    const seen = (heapPeak: number | null) =>
      replayLoad(
        shrinking.map((reading) => ({ ...reading, heapPeak })),
        30,
        2,
      ).changes.flatMap(({ series }) => series);
    expect(seen(220 * KIB ** 2)).toEqual([]);
    expect(seen(null)).toContain("native");
  });
});
