"use client";

import { useMemo } from "react";
import { ChartPanel } from "../../_components/charts/chart-panel.tsx";
import type { Series } from "../../_components/charts/series.ts";
import { toRows } from "./rows.ts";
import { useTimeline } from "./use-timeline.ts";

const SERIES: readonly Series[] = [{ key: "delay", label: "Delay, p99", colour: "var(--accent)", kind: "line" }];

/** How long work waited for its turn: the greatest of each point, so that a spike stays one in a long window. */
export function EventLoopChart() {
  const { points, domain, state } = useTimeline();
  const rows = useMemo(() => toRows(points, (point) => ({ delay: point.delayP99.max })), [points]);
  return (
    <ChartPanel
      title="Event loop"
      description="How long requests wait for the event loop"
      state={state}
      rows={rows}
      series={SERIES}
      unit="ms"
      domain={domain}
      height={200}
    />
  );
}
