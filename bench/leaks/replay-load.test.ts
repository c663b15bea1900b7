import { describe, expect, it } from "vitest";
import { RECORDING, type Replayed, readRecording, replayLoad } from "./replay-load.ts";

describe("The recorded report load, for twelve hours by a fake clock", () => {
  const readings = readRecording(RECORDING);
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
