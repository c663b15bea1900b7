import type { Point } from "../../../lib/client/timeline/point.ts";
import type { Forecast } from "../../../lib/contracts/memory.ts";
import type { ChartRow } from "../../_components/charts/series.ts";

export const FORECAST_BAND = { lowKey: "forecastLow", highKey: "forecastSpread", label: "Forecast" } as const;

/**
 * The forecast as an area past the newest point: between the slowest and the quickest way to the limit. Empty without a
 * trend. The spread is what lies on top of the low edge, as a stack draws it.
 */
export function forecastRows(newest: Point | undefined, forecast: Forecast | null, aheadMs: number): ChartRow[] {
  if (!newest || forecast === null || forecast.secondsToLimit === null) return [];
  const used = newest.used.mean;
  const soonest = forecast.low ?? forecast.secondsToLimit;
  // Without an upper end the limit may never be reached: the low edge stays where it is.
  const latest = forecast.high ?? Number.POSITIVE_INFINITY;
  const rows: ChartRow[] = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const seconds = (aheadMs * share) / 1000;
    const low = reached(used, newest.limitBytes, seconds, latest);
    const high = reached(used, newest.limitBytes, seconds, soonest);
    rows.push({
      atMs: newest.atMs + seconds * 1000 + 1,
      [FORECAST_BAND.lowKey]: low,
      [FORECAST_BAND.highKey]: high - low,
    });
  }
  return rows;
}

/** Usage after `seconds` on the straight way that reaches the limit in `inSeconds`; never above the limit. */
function reached(used: number, limit: number, seconds: number, inSeconds: number): number {
  const share = inSeconds > 0 ? Math.min(1, seconds / inSeconds) : 1;
  return used + (limit - used) * share;
}
