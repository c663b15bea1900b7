import fc from "fast-check";
import { expect, test } from "vitest";
import { ReplayLines } from "./replay-lines.ts";

const START = Date.UTC(2026, 0, 5);

function line(minute: number, change: (sample: Record<string, unknown>) => unknown = (s) => s): string {
  return JSON.stringify(
    change({
      sequence: minute,
      sampledAt: new Date(START + minute * 60_000).toISOString(),
      process: { rssBytes: 9, heapUsedBytes: 5, heapTotalBytes: 7, externalBytes: 1, arrayBuffersBytes: 0 },
      gc: { heapUsedAfterMajorBytes: null },
      activity: { requests: 3 },
    }),
  );
}

const without = (name: string) => (s: Record<string, unknown>) => ({ ...s, [name]: undefined });
const figure = (rssBytes: unknown) => (s: Record<string, unknown>) => ({
  ...s,
  process: { ...(s.process as object), rssBytes },
});

test("passes over headers and empty lines, and takes samples without sequence, gc or activity", () => {
  const lines = new ReplayLines();
  expect(lines.take('\uFEFF{"meta":{"name":"x"}}')).toBeNull();
  expect(lines.take("  ")).toBeNull();
  expect(lines.take(line(1, without("sequence")))?.sequence).toBe(0);
  expect(lines.take(line(2, without("gc")))?.gc.heapUsedAfterMajorBytes).toBeNull();
  expect(lines.take(line(3, without("activity")))?.activity.requests).toBe(0);
  expect(lines.report()).toBeNull();
});

test("leaves out what cannot be a sample, and names the line and its fault", () => {
  const lines = new ReplayLines();
  const faulty = ["{", "[]", line(1, without("process")), line(2, figure(-1)), line(3, figure("9"))];
  for (const text of faulty) expect(lines.take(text)).toBeNull();
  expect(lines.take(line(4, figure(undefined)))).toBeNull();
  expect(lines.report()).toBe(
    "left out 6 of 6 lines (line 1: not JSON; line 2: not an object; line 3: process is missing; " +
      "line 4: a figure or the time is not plausible; line 5: process.rssBytes is missing; and 1 more)",
  );
});

test("leaves out a sample that is no later than the one before, and goes on after one far ahead of its time", () => {
  const lines = new ReplayLines();
  const taken = [1, 2, 2, 1, 3, 90_000, 4, 5, 6, 7].filter((minute) => lines.take(line(minute)) !== null);
  expect(taken).toEqual([1, 2, 3, 90_000, 6, 7]);
});

test("takes whatever text comes without a throw, and never names more than five faults", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.integer({ min: 0, max: 99 }).map((n) => line(n)),
        ),
      ),
      (all) => {
        const lines = new ReplayLines();
        for (const text of all) lines.take(text);
        expect(lines.taken).toBeLessThanOrEqual(all.length);
        expect((lines.report() ?? "").match(/: line \d+|line \d+:/g)?.length ?? 0).toBeLessThanOrEqual(5);
      },
    ),
  );
});
