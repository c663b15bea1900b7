import { expect, it } from "vitest";
import { LeakDetector } from "./leak-detector.ts";
import { PooledPages } from "./pooled-pages.ts";
import type { LeakSample } from "./sample.ts";

const MIB = 2 ** 20;
const HOUR = 120;

/** A service on Node 22 or later, MiB by sample: what its heap releases stays in RSS, up to the most that the heap ever had. */
function* record(heapAt: (i: number) => number, nativeAt: (i: number) => number, samples: number) {
  let peak = 0;
  for (let i = 0; i < samples; i++) {
    const heap = heapAt(i);
    peak = Math.max(peak, heap);
    const noise = ((i * 7) % 13) * 0.05;
    const sample: LeakSample = {
      sequence: i,
      sampledAt: new Date(Date.UTC(2026, 0, 1) + i * 30_000).toISOString(),
      process: {
        rssBytes: (peak + 4 + nativeAt(i) + noise) * MIB,
        heapUsedBytes: (heap - 6) * MIB,
        heapTotalBytes: heap * MIB,
        externalBytes: 4 * MIB,
        arrayBuffersBytes: MIB,
        heapPeakBytes: peak * MIB,
      },
      gc: { heapUsedAfterMajorBytes: i % 20 === 9 ? (heap - 8) * MIB : null },
      activity: { requests: 100 },
    };
    yield sample;
  }
}

/** 60 MB at night, 200 by day: up within six hours, down within eight. */
function daily(i: number): number {
  const hour = (i / HOUR) % 24;
  if (hour < 6) return 60 + (140 * hour) / 6;
  return hour < 14 ? 200 - (140 * (hour - 6)) / 8 : 60;
}

function nativeStages(samples: Iterable<LeakSample>): Set<string> {
  const detector = new LeakDetector();
  const stages = new Set<string>();
  for (const sample of samples) {
    detector.push(sample);
    for (const { series, stage } of detector.verdicts()) if (series === "native") stages.add(stage);
  }
  return stages;
}

it("is no native leak: a heap that shrinks in the afternoon while V8 keeps its pages", () => {
  expect(nativeStages(record(daily, () => 60, 30 * HOUR))).toEqual(new Set(["clear"]));
});

it("hides no native leak: one beside a heap that stands still is confirmed", () => {
  expect(
    nativeStages(
      record(
        () => 60,
        (i) => 60 + 0.1 * i,
        5 * HOUR,
      ),
    ),
  ).toContain("confirmed");
});

it("hides no native leak behind a pool that was there when watching began", () => {
  const late = (i: number) => (i === 0 ? 200 : 60);
  const leaking = [...record(late, (i) => 60 + 0.1 * i, 5 * HOUR)].slice(1);
  expect(nativeStages(leaking)).toContain("confirmed");
});

it.each([150, 0])(
  "hides no native leak for days behind a heap that was huge for an hour, where V8 kept %s MB of it",
  (kept) => {
    const huge = (i: number) => (i < HOUR ? 1_000 : 150);
    const native = (i: number) => 60 + (20 * Math.max(0, i - HOUR)) / HOUR;
    const leaking = [...record(huge, native, 12 * HOUR)].map((sample) => {
      const { rssBytes, heapTotalBytes, heapPeakBytes = 0 } = sample.process;
      const gone = Math.max(0, heapPeakBytes - heapTotalBytes - kept * MIB);
      return { ...sample, process: { ...sample.process, rssBytes: rssBytes - gone } };
    });
    expect(nativeStages(leaking)).toContain("confirmed");
  },
);

it("counts each byte of RSS once: heap, pool, buffers and the rest, and none of them below zero", () => {
  const pool = new PooledPages();
  const figures = { heapUsedBytes: 1, arrayBuffersBytes: 0, externalBytes: 10 };
  const take = (rssBytes: number, heapTotalBytes: number, heapPeakBytes?: number) =>
    pool.take({ ...figures, rssBytes, heapTotalBytes, heapPeakBytes });
  expect(take(150, 80, 80)).toBe(80);
  // Released and kept: still the heap's.
  expect(take(150, 30, 80)).toBe(80);
  // Given back behind our back: what is gone from RSS is the heap's too, not native memory below zero.
  expect(take(100, 30, 80)).toBe(30);
  // Given back and told.
  expect(take(100, 30, 30)).toBe(30);
});

it("takes committed heap where no peak is told, as before Node 22", () => {
  expect(
    new PooledPages().take({
      rssBytes: 150,
      heapTotalBytes: 30,
      heapUsedBytes: 1,
      externalBytes: 10,
      arrayBuffersBytes: 0,
    }),
  ).toBe(30);
});
