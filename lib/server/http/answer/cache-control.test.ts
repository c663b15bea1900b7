import { describe, expect, it } from "vitest";
import { keptSeconds } from "./cache-control.ts";

describe("keptSeconds", () => {
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
    for (const header of [
      "max-age=soon",
      "max-age=-1",
      "max-age=0.5",
      "max-age",
      "max-age=",
      "max-age=1 2",
      "max-age=5;x",
    ])
      expect(keptSeconds(header), header).toBe(0);
    expect(keptSeconds("max-age=99999999999999999999")).toBe(2 ** 31);
  });

  it("reads a header of any shape in one pass", () => {
    for (const part of ['a="', '"', "a ", 'a="\\', ",", "="]) expect(keptSeconds(part.repeat(20_000))).toBeUndefined();
  });
});
