import { describe, expect, it } from "vitest";
import type { Point } from "../../../lib/client/timeline/point.ts";
import { toRows, usageSeries, withBefore } from "./rows.ts";

const point = (second: number, components: Point["components"], bootId = "b"): Point => ({
  atMs: second * 1000,
  samples: 1,
  sequence: second,
  bootId,
  used: { mean: 1, min: 1, max: 1 },
  limitBytes: 10,
  heapUsed: { mean: 1, min: 1, max: 1 },
  components,
  gcPauseMs: 0,
  minorCount: 0,
  majorCount: 0,
  delayP99: { mean: 0, min: 0, max: 0 },
  requests: 0,
});

describe("rows of a chart", () => {
  it("puts an empty row into each hole, so that no line crosses it", () => {
    const points = [1, 2, 3, 4, 60, 61].map((second) => point(second, null));
    const rows = toRows(points, ({ used }) => ({ used: used.mean }));
    expect(rows.map((row) => row.used ?? null)).toEqual([1, 1, 1, 1, null, 1, 1]);
  });
  it("draws the components that hold something, and always what nobody claims", () => {
    const keys = usageSeries([point(1, { runtime: 5, cache: 0, sessions: 2, unattributed: 0 })]).map(({ key }) => key);
    expect(keys).toEqual(["runtime", "sessions", "unattributed"]);
  });
  it("draws the total alone where only that was kept", () => {
    expect(usageSeries([point(1, null)]).map(({ key }) => key)).toEqual(["used"]);
  });
  it("sets the time before beside each row, and leaves it out where nothing was sampled then", () => {
    const rows = [1, 2, 3, 30].map((second) => ({ atMs: second * 1000 }));
    const before = [1.2, 2.1, 2.9].map((second) => ({ atMs: second * 1000, usedBytes: second }));
    expect(withBefore(rows, before).map((row) => row.before)).toEqual([1.2, 2.1, 2.9, null]);
  });
});
