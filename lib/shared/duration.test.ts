import { describe, expect, it } from "vitest";
import { formatAge, formatDuration, formatMilliseconds } from "./duration.ts";

describe("durations for a person", () => {
  it("changes unit at 90 of the smaller one, so that 89 s stays seconds and 90 s is 2 min", () => {
    expect([89, 90, 89 * 60, 90 * 60, 36 * 3600].map(formatDuration)).toEqual([
      "89 s",
      "2 min",
      "89 min",
      "2 h",
      "2 d",
    ]);
  });
  it("says where a moment lies, before or after now", () => {
    expect([formatAge(0, 12_000), formatAge(180_000, 0), formatAge(0, 400)]).toEqual([
      "12 s ago",
      "in 3 min",
      "just now",
    ]);
  });
  it("keeps two digits that matter below a second", () => {
    expect([0.418, 12.34, 104.6, 1204].map(formatMilliseconds)).toEqual(["0.42 ms", "12.3 ms", "105 ms", "1.20 s"]);
  });
});
