import { expect, it } from "vitest";
import { DayLevels } from "./day-levels.ts";
import { LeakDetector } from "./leak-detector.ts";
import type { LeakSample } from "./sample.ts";

const MIB = 2 ** 20;
const HOUR = 120;
const HOUR_MS = 3_600_000;

/** A service of 80 MB that held 400 more for half an hour, and leaks 5 MB an hour from then on. */
function* afterBurst(hours: number, collectEvery = 20): Generator<LeakSample> {
  let garbage = 0;
  for (let i = 0; i < hours * HOUR; i++) {
    const hour = i / HOUR;
    const live = 80 + (hour >= 3 && hour < 3.5 ? 400 : 0) + 5 * Math.max(0, hour - 4) + ((i * 7) % 13) * 0.02;
    const collected = i % collectEvery === collectEvery - 1;
    garbage = collected ? 0 : garbage + 1;
    const used = live + garbage;
    yield {
      sequence: i,
      sampledAt: new Date(Date.UTC(2026, 0, 1) + i * 30_000).toISOString(),
      process: {
        rssBytes: (used + 70) * MIB,
        heapUsedBytes: used * MIB,
        heapTotalBytes: (used + 8) * MIB,
        externalBytes: 4 * MIB,
        arrayBuffersBytes: MIB,
      },
      gc: { heapUsedAfterMajorBytes: collected ? live * MIB : null },
      activity: { requests: 100 },
    };
  }
}

it.each([
  ["ten minutes", 20, 30],
  ["hour", 120, 60],
])(
  "hides no leak behind a burst: one of 5 MB an hour stays confirmed, with a collection every %s",
  (_, every, hours) => {
    const detector = new LeakDetector();
    const states: string[] = [];
    for (const sample of afterBurst(hours, every)) {
      detector.push(sample);
      if (detector.state !== states.at(-1)) states.push(detector.state);
    }
    expect(states).toEqual(["warming-up", "clear", "confirmed"]);
  },
);

it("knows for two hours what was reached a day ago, as a nightly job does", () => {
  const levels = new DayLevels();
  const push = (minute: number, level: number) =>
    levels.push({ at: 0, atMs: minute * 60_000, low: level, exact: null, collected: false, committed: 0, load: 0 });
  for (let minute = 0; minute < 24 * 60; minute += 4) push(minute, minute >= 180 && minute < 250 ? minute + 100 : 80);
  expect(levels.highDayBefore(27.7 * HOUR_MS)).toBeGreaterThan(330);
  expect(levels.highDayBefore(32 * HOUR_MS)).toBe(80);
});

it("knows of an hour what was held all through it, for a week", () => {
  const levels = new DayLevels();
  const push = (atMs: number, level: number) =>
    levels.push({ at: 0, atMs, low: level, exact: null, collected: false, committed: 0, load: 0 });
  for (let minute = 0; minute < 120; minute += 4) push(minute * 60_000, minute >= 60 && minute < 90 ? 480 : 80);
  expect(levels.highBefore(2 * HOUR_MS)).toBe(80);
  // Two hours at a level are one that memory may climb back to.
  for (let minute = 120; minute < 240; minute += 4) push(minute * 60_000, 200);
  expect(levels.highBefore(4 * HOUR_MS)).toBe(200);
  for (let hour = 4; hour < 4 + 168; hour++) push(hour * HOUR_MS, 90);
  expect(levels.highBefore(Number.POSITIVE_INFINITY)).toBe(90);
});
