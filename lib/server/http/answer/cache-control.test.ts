import { describe, expect, it } from "vitest";
import { readKeeping } from "./cache-control.ts";

const keptSeconds = (header: string | null) => readKeeping(header).freshSeconds;

describe("readKeeping", () => {
  it("takes s-maxage before max-age, the first of two, and a time in quotes", () => {
    const cases: [string, number | undefined][] = [
      ["public, s-maxage=15", 15],
      ["max-age=15, s-maxage=0", 0],
      ["max-age=0, s-maxage=15", 15],
      ["MAX-AGE=1, max-age=2", 1],
      ['max-age="7"', 7],
      ["public", undefined],
      ["", undefined],
    ];
    for (const [header, seconds] of cases) expect(keptSeconds(header), header).toBe(seconds);
    expect(keptSeconds(null)).toBeUndefined();
  });

  it("keeps nothing of no-store, private and no-cache, with field names too", () => {
    for (const header of [
      "No-Store",
      "private",
      "no-cache",
      'no-cache="set-cookie, x", max-age=9',
      'private="a", s-maxage=9',
    ])
      expect(keptSeconds(header), header).toBe(0);
  });

  it("takes what stands in quotes for text, and passes over what it does not know", () => {
    const cases: [string, number | undefined][] = [
      ['foo="a, max-age=9"', undefined],
      ['foo="a, no-store", max-age=5', 5],
      ['ext="a\\", no-store", max-age=8', 8],
      [" , ,max-age=6,,", 6],
      ["stale-if-error=1, max-age=6, immutable", 6],
    ];
    for (const [header, seconds] of cases) expect(keptSeconds(header), header).toBe(seconds);
  });

  it("takes a time that is none for stale, and one without bounds for the longest", () => {
    for (const header of ["max-age=soon", "max-age=-1", "max-age", "max-age=", "max-age=1 2", "max-age=5;x"])
      expect(keptSeconds(header), header).toBe(0);
    expect(keptSeconds("max-age=99999999999999999999")).toBe(2 ** 31);
  });

  it("tells for how long a response may be given stale, unless it must be revalidated", () => {
    const cases: [string, number | undefined, number][] = [
      ["max-age=5, stale-while-revalidate=60", 5, 60],
      ["s-maxage=0, Stale-While-Revalidate=7", 0, 7],
      ["stale-while-revalidate=9", undefined, 9],
      ["max-age=5, stale-while-revalidate", 5, 0],
      ["max-age=5, stale-while-revalidate=soon", 5, 0],
      ["max-age=5, stale-while-revalidate=60, must-revalidate", 5, 0],
      ["max-age=5, stale-while-revalidate=60, proxy-revalidate", 5, 0],
      ["no-store, stale-while-revalidate=60", 0, 0],
    ];
    for (const [header, freshSeconds, staleSeconds] of cases)
      expect(readKeeping(header), header).toEqual({ freshSeconds, staleSeconds });
  });

  it("refuses fractions of a second by name, in each of its times", () => {
    for (const name of ["max-age", "s-maxage", "stale-while-revalidate"])
      for (const value of ["0.5", ".5", '"1.25"'])
        expect(() => readKeeping(`public, ${name}=${value}`), name).toThrow(
          `Cache-Control: ${name} takes whole seconds.`,
        );
  });

  it("reads a header of any shape in one pass", () => {
    for (const part of ['a="', '"', "a ", 'a="\\', ",", "="]) expect(keptSeconds(part.repeat(20_000))).toBeUndefined();
  });
});
