"use client";

import { useMemo } from "react";
import { ChartPanel } from "../../_components/charts/chart-panel.tsx";
import type { Threshold } from "../../_components/charts/series.ts";
import { toRows, usageFigures, usageSeries } from "./rows.ts";
import { useTimeline } from "./use-timeline.ts";

/** Where the level changes, as shares of the limit: the contract's elevated and critical. */
export const ELEVATED_RATIO = 0.7;
export const CRITICAL_RATIO = 0.85;

/** Memory by component against the limit. */
export function UsageChart() {
  const { points, domain, state } = useTimeline();
  const rows = useMemo(() => toRows(points, usageFigures), [points]);
  const series = useMemo(() => usageSeries(points), [points]);
  const limitBytes = points.at(-1)?.limitBytes ?? 0;
  return (
    <ChartPanel
      title="Memory by component"
      description="Resident memory of the process and its helpers, against the limit"
      state={state}
      rows={rows}
      series={series}
      unit="bytes"
      domain={domain}
      height={320}
      atLeast={limitBytes}
      thresholds={limitThresholds(limitBytes)}
    />
  );
}

export function limitThresholds(limitBytes: number): Threshold[] {
  if (limitBytes === 0) return [];
  return [
    { value: limitBytes, label: "Limit", tone: "limit" },
    { value: limitBytes * CRITICAL_RATIO, label: "85 %", tone: "crit" },
    { value: limitBytes * ELEVATED_RATIO, label: "70 %", tone: "warn" },
  ];
}
