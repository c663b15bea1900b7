"use client";

import { useMemo } from "react";
import type { Point } from "../../../lib/client/timeline/point.ts";
import { formatMilliseconds } from "../../../lib/shared/duration.ts";
import { ChartPanel } from "../../_components/charts/chart-panel.tsx";
import type { Series } from "../../_components/charts/series.ts";
import { toRows } from "./rows.ts";
import { useTimeline } from "./use-timeline.ts";

const SERIES: readonly Series[] = [{ key: "pause", label: "Paused", colour: "var(--series-vectors)", kind: "area" }];

/** How long collections held the process up, per sample. */
export function CollectionsChart() {
  const { points, domain, state } = useTimeline();
  const rows = useMemo(() => toRows(points, (point) => ({ pause: point.gcPauseMs })), [points]);
  return (
    <ChartPanel
      title="Collections"
      description={describe(points)}
      state={state}
      rows={rows}
      series={SERIES}
      unit="ms"
      domain={domain}
      height={200}
    />
  );
}

function describe(points: readonly Point[]): string {
  const minor = sum(points.map((point) => point.minorCount ?? 0));
  const major = sum(points.map((point) => point.majorCount ?? 0));
  const pauseMs = sum(points.map((point) => point.gcPauseMs));
  const counts = points.some((point) => point.minorCount !== null)
    ? `${minor.toLocaleString("en-US")} minor and ${major.toLocaleString("en-US")} major, `
    : "";
  return `${counts}${formatMilliseconds(pauseMs)} paused in this window`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
