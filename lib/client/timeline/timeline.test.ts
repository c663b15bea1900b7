import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memorySample } from "../../testing/memory-sample.ts";
import { findGaps } from "./gaps.ts";
import { MAX_POINTS, RANGES, rangeSpanMs, stepRange, stepSecondsFor } from "./range.ts";
import { appendSamples, coarsen, createTimeline, drawablePoints, restartsOf, type Timeline } from "./timeline.ts";

const START = Date.parse("2026-01-01T00:00:00.000Z");

function empty(spanMs: number, stepSeconds: number | null = null): Timeline {
  return createTimeline(spanMs, { samples: [], stepSeconds, truncated: false });
}

describe("timeline", () => {
  it("never holds more than twice what a chart draws, nor a point older than its window, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.integer({ min: 0, max: 1000 })), { maxLength: 1500 }),
        fc.constantFrom(60_000, 900_000, 86_400_000),
        (arrivals, spanMs) => {
          let timeline = empty(spanMs);
          let atMs = START;
          arrivals.forEach(([wait, used], index) => {
            atMs += wait;
            timeline = appendSamples(timeline, [memorySample(index + 1, atMs, used)]);
            expect(timeline.points.length).toBeLessThanOrEqual(2 * MAX_POINTS);
          });
          const newest = timeline.points.at(-1)?.atMs ?? 0;
          expect(timeline.points.every((point) => point.atMs >= newest - spanMs)).toBe(true);
          expect(drawablePoints(timeline).length).toBeLessThanOrEqual(MAX_POINTS);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("keeps the extremes, the sums and the number of samples when it makes points coarser", () => {
    const samples = Array.from({ length: 1500 }, (_, index) =>
      memorySample(index + 1, START + index * 1000, index === 700 ? 999 : 100),
    );
    const timeline = appendSamples(empty(3_600_000), samples);
    const drawn = drawablePoints(timeline);
    expect(Math.max(...drawn.map((point) => point.used.max))).toBe(999);
    expect(drawn.reduce((sum, point) => sum + point.samples, 0)).toBe(1500);
    expect(drawn.reduce((sum, point) => sum + point.requests, 0)).toBe(7 * 1500);
    expect(drawn.reduce((sum, point) => sum + (point.minorCount ?? 0), 0)).toBe(2 * 1500);
  });

  it("passes over a sample that it already has, and is then the same object", () => {
    const timeline = appendSamples(empty(60_000), [memorySample(5, START)]);
    expect(appendSamples(timeline, [memorySample(5, START), memorySample(4, START - 1000)])).toBe(timeline);
  });

  it("has no point in the future, in whatever range and however coarse, and keeps the peak of a step", () => {
    const figures = (usedBytes: number) => ({
      ...{ usedBytes, limitBytes: 1000, rssBytes: 1, heapUsedBytes: 1, heapTotalBytes: 1, externalBytes: 1 },
      ...{ arrayBuffersBytes: 1, gcPauseMs: 0, delayP99Ms: 0, requests: 1 },
    });
    for (const [stepSeconds, passedMs] of [
      [3600, 1_800_000],
      [7200, 1],
      [1200, 1_199_000],
    ] as const) {
      const nowMs = START + passedMs;
      const step = {
        ...{ startAt: new Date(START).toISOString(), count: 9, breakdown: [] },
        ...{ min: figures(150), max: figures(252), mean: figures(170) },
      };
      const history = { samples: [step], stepSeconds, truncated: false };
      const timeline = createTimeline(30 * 86_400_000, history, nowMs);
      expect(timeline.points.map(({ used }) => used.max)).toEqual([252]);
      const later = appendSamples(timeline, [memorySample(1, nowMs, 260)]);
      for (const { points } of [timeline, later])
        for (const point of [...points, ...coarsen(points, 86_400_000)]) {
          expect(point.atMs).toBeLessThanOrEqual(nowMs);
          expect(point.atMs).toBeGreaterThanOrEqual(START);
        }
      expect(later.points.map(({ used }) => used.max)).toEqual([260]);
    }
  });

  it("folds live samples into the step that the server's history uses", () => {
    const timeline = appendSamples(empty(3_600_000, 60), [
      memorySample(1, START, 100),
      memorySample(2, START + 30_000, 300),
      memorySample(3, START + 60_000, 50),
    ]);
    expect(timeline.points.map((point) => [point.samples, point.used.mean])).toEqual([
      [2, 200],
      [1, 50],
    ]);
  });
});

describe("restarts", () => {
  it("are those that the server keeps and those that live samples tell of, each once", () => {
    const at = (seconds: number) => START + seconds * 1000;
    const restarts = [{ bootId: "b", at: new Date(at(30)).toISOString() }];
    const history = { samples: [memorySample(1, at(0), 1, "a")], stepSeconds: 10, truncated: false, restarts };
    const timeline = appendSamples(createTimeline(86_400_000, history), [
      memorySample(2, at(31), 1, "b"),
      memorySample(3, at(60), 1, "b"),
      memorySample(4, at(90), 1, "c"),
    ]);
    expect(restartsOf(timeline)).toEqual([at(30), at(90)]);
  });
});

describe("gaps", () => {
  const points = (...offsets: [seconds: number, boot?: string][]) =>
    appendSamples(
      empty(86_400_000),
      offsets.map(([seconds, boot], index) => memorySample(index + 1, START + seconds * 1000, 100, boot ?? "boot-1")),
    ).points;

  it("finds the hole where a server was away, and says that it restarted", () => {
    expect(findGaps(points([0], [30], [60], [90], [600, "boot-2"], [630, "boot-2"]))).toEqual([
      { fromMs: START + 90_000, toMs: START + 600_000, restarted: true },
    ]);
  });
  it("breaks the line at a restart, however quick, and only there", () => {
    expect(findGaps(points([0], [1], [2], [3.1, "boot-2"], [4.1, "boot-2"]))).toEqual([
      { fromMs: START + 2000, toMs: START + 3100, restarted: true },
    ]);
  });
  it("takes a longer sampling period for one hole at most, not for a row of them", () => {
    expect(findGaps(points([0], [1], [2], [3], [4], [5], [35], [65], [95]))).toHaveLength(1);
  });
  it("does not call the jitter of a busy server a hole", () => {
    expect(findGaps(points([0], [1], [2.4], [3], [5.3], [6]))).toEqual([]);
  });
});

describe("ranges", () => {
  it("needs at most 600 points for each span", () => {
    for (const range of RANGES)
      expect(rangeSpanMs(range) / 1000 / stepSecondsFor(rangeSpanMs(range))).toBeLessThanOrEqual(MAX_POINTS);
  });
  it("stays at the ends", () => {
    expect([stepRange("5m", -1), stepRange("30d", 1), stepRange("1h", 1)]).toEqual(["5m", "30d", "6h"]);
  });
});
