import { expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { LeakDetector } from "./leak-detector.ts";

/** Whether two hours of a quiet heap and such buffers, in MiB by sample, are confirmed to leak. */
function confirmed(buffers: (sample: number) => number): boolean {
  const detector = new LeakDetector();
  for (let i = 0; i < 240; i++) {
    const held = buffers(i) * MIB;
    detector.push({
      sequence: i,
      sampledAt: new Date(i * 30_000).toISOString(),
      process: {
        rssBytes: 80 * MIB + held,
        heapUsedBytes: (8 + (i % 12)) * MIB,
        heapTotalBytes: 30 * MIB,
        externalBytes: 4 * MIB + held,
        arrayBuffersBytes: MIB + held,
      },
      gc: { heapUsedAfterMajorBytes: i === 13 ? 8 * MIB : null },
      activity: { requests: 100 },
    });
    if (detector.state === "confirmed") return true;
  }
  return false;
}

it("a megabyte and a fifth of buffers an hour is a leak: off the heap each reading is known", () => {
  expect(confirmed((i) => (1.2 * i) / 120)).toBe(true);
});

it("buffers that come to an end at a megabyte and a half are none, at once or ever more slowly", () => {
  expect(confirmed((i) => Math.min(1.5, i / 50))).toBe(false);
  expect(confirmed((i) => 1.5 * (1 - Math.exp(-i / 50)))).toBe(false);
});
