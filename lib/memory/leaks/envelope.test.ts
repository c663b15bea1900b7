import { describe, expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { commitsLess } from "./envelope.ts";
import { LeakDetector } from "./leak-detector.ts";
import type { Mark } from "./mark.ts";

const committing = (mib: (at: number) => number, marks = 150): Mark[] =>
  Array.from({ length: marks }, (_, at) => {
    const committed = Math.ceil(4 * mib(at)) * (MIB / 4);
    return { at, atMs: at * 30_000, low: 0, exact: null, collected: false, committed, load: 0 };
  });

describe("Commits since a collection", () => {
  it("come to an end with the growth, whatever the young generation takes at once", () => {
    const ending = (at: number) => 20 + 6 * (1 - Math.exp(-at / 60));
    expect(commitsLess(committing(ending), 13)).toBe(true);
    expect(
      commitsLess(
        committing((at) => ending(at) + (at > 130 ? 16 : 0)),
        13,
      ),
    ).toBe(true);
  });

  it("go on with a leak: by whole pages, in steps of ten minutes, and from a third of an hour on", () => {
    for (const perHour of [1, 2, 4, 40]) {
      expect(
        commitsLess(
          committing((at) => 20 + (perHour * at) / 120),
          13,
        ),
      ).toBe(false);
      expect(
        commitsLess(
          committing((at) => 20 + (perHour * (at - (at % 20))) / 120),
          13,
        ),
      ).toBe(false);
    }
    expect(
      commitsLess(
        committing((at) => 20 + Math.max(0, at - 40) / 20),
        13,
      ),
    ).toBe(false);
  });

  it("say nothing before there are some 20 minutes of them", () => {
    const ending = (at: number) => 20 + 6 * (1 - Math.exp(-at / 10));
    expect(commitsLess(committing(ending, 70), 13)).toBe(false);
  });
});

/** When it was confirmed; null if it never was. Collected once in two hours, as V8 does with so small a heap. */
function confirmedAt(live: (sample: number) => number): number | null {
  const detector = new LeakDetector();
  for (let i = 0; i < 240; i++) {
    const used = (live(i) + (i === 13 ? 0 : (i % 20) / 5)) * MIB;
    const committed = Math.ceil(4 * (live(i) + 10)) * (MIB / 4);
    detector.push({
      sequence: i,
      sampledAt: new Date(i * 30_000).toISOString(),
      process: {
        rssBytes: committed + 50 * MIB,
        heapUsedBytes: used,
        heapTotalBytes: committed,
        externalBytes: 4 * MIB,
        arrayBuffersBytes: MIB,
      },
      gc: { heapUsedAfterMajorBytes: i === 13 ? used : null },
      activity: { requests: 100 },
    });
    if (detector.state === "confirmed") return i;
  }
  return null;
}

it.each([60, 90, 120])(
  "no leak is code compiled when first needed, a time constant of %s samples, on raw growth alone",
  (tau) => {
    expect(confirmedAt((i) => 8 + 6 * (1 - Math.exp(-Math.max(0, i - 13) / tau)))).toBeNull();
  },
);

it("a leak of 6 MB an hour is one on raw growth alone", () => {
  expect(confirmedAt((i) => 8 + (6 * Math.max(0, i - 13)) / 120)).toBeLessThan(170);
});
