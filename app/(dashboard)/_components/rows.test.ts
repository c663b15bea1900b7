import { describe, expect, it } from "vitest";
import type { Point } from "../../../lib/client/timeline/point.ts";
import { lonelyRows, newestRow, type Series } from "../../_components/charts/series.ts";
import { FORECAST_BAND } from "./forecast-band.ts";
import { spreadSeries, toRows, usageFigures, usageSeries, withBefore } from "./rows.ts";

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
  it("tells the peak of a step beside its mean, and draws the spread only where a point is several samples", () => {
    const step: Point = { ...point(1, null), samples: 300, used: { mean: 170, min: 150, max: 252 } };
    expect(toRows([step], usageFigures)).toEqual([{ atMs: 1000, used: 170, lowest: 150, highest: 252 }]);
    expect(spreadSeries([step]).map(({ label }) => label)).toEqual(["Lowest", "Highest"]);
    expect(spreadSeries([point(1, null)])).toEqual([]);
  });
  it("finds the point that has no neighbour, which no line would show", () => {
    const rows = toRows(
      [1, 2, 3, 4, 60, 300, 301].map((second) => point(second, null)),
      usageFigures,
    );
    expect([...lonelyRows(rows, "used")]).toEqual([60_000]);
    expect([...lonelyRows([{ atMs: 7, used: 1 }], "used")]).toEqual([7]);
  });
  it("has present figures for the legend while a forecast is drawn behind them", () => {
    const series = [{ key: "used" }] as Series[];
    const rows = [{ atMs: 1, used: 5 }, { atMs: 2 }, { atMs: 3, [FORECAST_BAND.lowKey]: 9 }];
    expect(newestRow(rows, series)).toEqual({ atMs: 1, used: 5 });
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
