import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Point } from "../../../lib/client/timeline/point.ts";
import { forecastRows } from "./forecast-band.ts";

const point = (used: number, limitBytes: number) =>
  ({ atMs: 1_000_000, limitBytes, used: { mean: used, min: used, max: used } }) as Point;

describe("forecast band", () => {
  it("is nothing without a trend", () => {
    expect(forecastRows(point(10, 100), null, 60_000)).toEqual([]);
    expect(forecastRows(point(10, 100), { secondsToLimit: null, low: null, high: null }, 60_000)).toEqual([]);
    expect(forecastRows(undefined, { secondsToLimit: 5, low: 1, high: 9 }, 60_000)).toEqual([]);
  });
  it("begins at what is used now, never falls, and never passes the limit, whatever is forecast", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (used, low, more) => {
          const rows = forecastRows(
            point(used, 100),
            { secondsToLimit: low + more / 2, low, high: low + more },
            600_000,
          );
          const highs = rows.map((row) => (row.forecastLow ?? 0) + (row.forecastSpread ?? 0));
          if (low > 0) expect(highs[0]).toBeCloseTo(used, 6);
          for (const [index, high] of highs.entries()) {
            expect(high).toBeLessThanOrEqual(100 + 1e-6);
            expect(high).toBeGreaterThanOrEqual((highs[index - 1] ?? 0) - 1e-6);
            expect(rows[index]?.forecastSpread).toBeGreaterThanOrEqual(-1e-6);
          }
        },
      ),
    );
  });
  it("keeps its low edge flat where no latest time is known", () => {
    const rows = forecastRows(point(40, 100), { secondsToLimit: 60, low: 30, high: null }, 60_000);
    expect(new Set(rows.map((row) => row.forecastLow))).toEqual(new Set([40]));
  });
});
