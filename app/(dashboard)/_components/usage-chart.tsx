"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { auditQuery } from "../../../lib/client/queries/audit.ts";
import { memoryReportQuery, optimizationRunsQuery, timelineBeforeQuery } from "../../../lib/client/queries/memory.ts";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { rangeSpanMs } from "../../../lib/client/timeline/range.ts";
import { CRITICAL_RATIO, ELEVATED_RATIO } from "../../../lib/shared/levels.ts";
import { ChartPanel } from "../../_components/charts/chart-panel.tsx";
import type { Series, Threshold } from "../../_components/charts/series.ts";
import { useCompare, useRange } from "../../_components/shell/view-state.ts";
import { FORECAST_BAND, forecastRows } from "./forecast-band.ts";
import { chartMarks } from "./recent-events.ts";
import { HIGHEST, LOWEST, spreadSeries, toRows, usageFigures, usageSeries, withBefore } from "./rows.ts";
import { useTimeline } from "./use-timeline.ts";

/** Where the level changes, as shares of the limit: the contract's elevated and critical. */

/** The share of the window that the forecast gets, past now. */
const FORECAST_SHARE = 0.15;
const BEFORE: Series = {
  key: "before",
  label: "Previous period",
  colour: "var(--text-faint)",
  kind: "line",
  dashed: true,
};

const SPREAD = { lowKey: LOWEST.key, highKey: HIGHEST.key } as const;

/** Memory by component against the limit, with what happened and where it is going. */
export function UsageChart() {
  const { points, restarts, domain, state } = useTimeline();
  const { data: report } = useQuery(memoryReportQuery);
  const marks = useMarks(restarts);
  const before = useBefore();
  const [, endMs] = domain;
  const limitBytes = points.at(-1)?.limitBytes ?? 0;
  const ahead = useMemo(
    () => forecastRows(points.at(-1), report?.forecast ?? null, rangeOf(domain) * FORECAST_SHARE),
    [points, report?.forecast, domain],
  );
  const rows = useMemo(() => [...withBefore(toRows(points, usageFigures), before), ...ahead], [points, before, ahead]);
  const series = useMemo(
    () => [...usageSeries(points), ...spreadSeries(points), ...(before.length > 0 ? [BEFORE] : [])],
    [points, before],
  );
  return (
    <ChartPanel
      title="Memory by component"
      description="Resident memory of the process and its helpers, against the limit"
      state={state}
      rows={rows}
      series={series}
      unit="bytes"
      domain={[domain[0], ahead.length > 0 ? endMs + rangeOf(domain) * FORECAST_SHARE : endMs]}
      height={340}
      atLeast={limitBytes}
      thresholds={limitThresholds(limitBytes)}
      marks={marks}
      nowMs={endMs}
      spread={SPREAD}
      {...(ahead.length > 0 ? { band: FORECAST_BAND } : {})}
    />
  );
}

function rangeOf([fromMs, toMs]: readonly [number, number]): number {
  return toMs - fromMs;
}

function useMarks(restarts: readonly number[]) {
  const { data: me } = useQuery(meQuery);
  const { data: runs } = useQuery(optimizationRunsQuery);
  const { data: audit } = useInfiniteQuery({ ...auditQuery, enabled: me?.role === "operator" });
  return useMemo(
    () => chartMarks({ runs: runs?.items ?? [], audit: audit?.pages[0]?.items ?? [], restarts }),
    [runs, audit, restarts],
  );
}

/** The window before, moved onto the present one; empty unless it is asked for. */
function useBefore(): readonly { atMs: number; usedBytes: number }[] {
  const [compare] = useCompare();
  const [range] = useRange();
  const { data } = useQuery({ ...timelineBeforeQuery(range), enabled: compare });
  return useMemo(
    () =>
      compare && data
        ? data.points.map((point) => ({ atMs: point.atMs + rangeSpanMs(range), usedBytes: point.used.mean }))
        : [],
    [compare, data, range],
  );
}

function limitThresholds(limitBytes: number): Threshold[] {
  if (limitBytes === 0) return [];
  return [
    { value: limitBytes, label: "Limit", tone: "limit" },
    { value: limitBytes * CRITICAL_RATIO, label: "85 %", tone: "crit" },
    { value: limitBytes * ELEVATED_RATIO, label: "70 %", tone: "warn" },
  ];
}
