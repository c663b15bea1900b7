import fc from "fast-check";
import { expect, it } from "vitest";
import { isoTime } from "./iso-time.ts";

it("writes any time as Date does, in any order of days", () => {
  const time = fc.oneof(
    fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }),
    fc.double({ min: 0, max: 4e12, noNaN: true }),
    fc.integer({ min: -10, max: 10 }).map((off) => 1_767_225_600_000 + off),
  );
  fc.assert(
    fc.property(time, (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});

it("refuses what is no time, and goes on after it", () => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) expect(() => isoTime(ms)).toThrow(RangeError);
  expect(isoTime(0)).toBe("1970-01-01T00:00:00.000Z");
});
