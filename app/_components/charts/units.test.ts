import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisTicks, formatTick, timeTicks } from "./units.ts";

const MIB = 1024 * 1024;

describe("axis ticks", () => {
  it("start at 0, reach the greatest value, and are 2 to 7, for any figure and unit", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e12, noNaN: true }),
        fc.constantFrom("bytes", "ms", "count"),
        (max, unit) => {
          const ticks = axisTicks(max, unit as "bytes");
          expect(ticks[0]).toBe(0);
          expect(ticks.at(-1)).toBeGreaterThanOrEqual(max * 0.999999);
          if (unit !== "bytes" || max < 100 * 1024 * MIB) {
            expect(ticks.length).toBeGreaterThanOrEqual(2);
            expect(ticks.length).toBeLessThanOrEqual(7);
          }
        },
      ),
    );
  });
  it("are round for the default limit of 1,024 MiB", () => {
    expect(axisTicks(1024 * MIB, "bytes").map((tick) => formatTick(tick, "bytes"))).toEqual([
      "0",
      "256 MiB",
      "512 MiB",
      "768 MiB",
      "1,024 MiB",
    ]);
  });
  it("lose the zeros after the point and no others", () => {
    expect([100, 0.5, 20, 2, 1500].map((ms) => formatTick(ms, "ms"))).toEqual([
      "100 ms",
      "0.5 ms",
      "20 ms",
      "2 ms",
      "1.5 s",
    ]);
  });
  it("lie on round moments within the window, never more than asked for", () => {
    const ticks = timeTicks(1_767_225_661_000, 1_767_225_661_000 + 900_000, 6);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(ticks.every((tick) => tick % 60_000 === 0)).toBe(true);
  });
});
