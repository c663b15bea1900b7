import { findGaps } from "../../../lib/client/timeline/gaps.ts";
import type { Point } from "../../../lib/client/timeline/point.ts";
import type { Component } from "../../../lib/contracts/memory.ts";
import type { ChartRow, Series } from "../../_components/charts/series.ts";
import { COMPONENT_NAMES, COMPONENT_ORDER, componentColour } from "../../_components/charts/series.ts";

/** One row per point, and an empty one in each hole, so that a gap is drawn as a gap. */
export function toRows(points: readonly Point[], figures: (point: Point) => Record<string, number | null>): ChartRow[] {
  const gapAt = new Map(findGaps(points).map((gap) => [gap.toMs, gap]));
  const rows: ChartRow[] = [];
  for (const point of points) {
    const gap = gapAt.get(point.atMs);
    if (gap) rows.push({ atMs: (gap.fromMs + gap.toMs) / 2 });
    rows.push({ atMs: point.atMs, ...figures(point) });
  }
  return rows;
}

/** The stack of the usage chart: components that ever held a byte, or the total where only that was kept. */
export function usageSeries(points: readonly Point[]): Series[] {
  const present = new Set<Component>();
  for (const point of points) {
    for (const component of COMPONENT_ORDER) if ((point.components?.[component] ?? 0) !== 0) present.add(component);
  }
  // What nobody claims is always told, also when it is nothing.
  if (present.size > 0) present.add("unattributed");
  else return [{ key: "used", label: "Used", colour: "var(--series-sessions)", kind: "area" }];
  return COMPONENT_ORDER.filter((component) => present.has(component)).map((component) => ({
    key: component,
    label: COMPONENT_NAMES[component],
    colour: componentColour(component),
    kind: "area",
    stack: "usage",
    hatched: component === "unattributed",
  }));
}

export const LOWEST: Series = {
  key: "lowest",
  label: "Lowest",
  colour: "var(--text-faint)",
  kind: "line",
  dashed: true,
};
export const HIGHEST: Series = { key: "highest", label: "Highest", colour: "var(--text-strong)", kind: "line" };

/** What the total reached within each point, where points are several samples: their means hide a peak. */
export function spreadSeries(points: readonly Point[]): Series[] {
  return points.some(({ samples }) => samples > 1) ? [LOWEST, HIGHEST] : [];
}

export function usageFigures(point: Point): Record<string, number | null> {
  const { mean, min, max } = point.used;
  return { used: mean, ...point.components, [LOWEST.key]: min, [HIGHEST.key]: max };
}

/** Adds what was used at the same place of the window before, where that window has a sample near by. */
export function withBefore(
  rows: readonly ChartRow[],
  before: readonly { atMs: number; usedBytes: number }[],
): ChartRow[] {
  const first = before[0];
  if (!first) return [...rows];
  const reachMs = 2 * usualWait(before);
  let index = 0;
  return rows.map((row) => {
    while (index + 1 < before.length && distance(before[index + 1], row) <= distance(before[index], row)) index++;
    return { ...row, before: distance(before[index], row) <= reachMs ? (before[index]?.usedBytes ?? null) : null };
  });
}

function distance(point: { atMs: number } | undefined, row: ChartRow): number {
  return point ? Math.abs(point.atMs - row.atMs) : Number.POSITIVE_INFINITY;
}

function usualWait(points: readonly { atMs: number }[]): number {
  const first = points[0]?.atMs ?? 0;
  const last = points.at(-1)?.atMs ?? 0;
  return Math.max(1000, (last - first) / Math.max(1, points.length - 1));
}
