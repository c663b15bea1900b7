"use client";

import { type SyntheticEvent, useMemo, useState } from "react";
import {
  Area,
  Bar,
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceArea,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import { ChartTooltip } from "./chart-tooltip.tsx";
import { MARK_LANE_PX, MarkLane } from "./mark-lane.tsx";
import { type ChartRow, lonelyRows, type Mark, type Series, type Threshold } from "./series.ts";
import { axisTicks, formatTick, timeTickFormatter, timeTicks, type Unit } from "./units.ts";

export interface TimeChartProps {
  rows: readonly ChartRow[];
  /** Only those to be drawn, bottom of the stack first. */
  series: readonly Series[];
  unit: Unit;
  /** The window, also where no data is. */
  domain: readonly [fromMs: number, toMs: number];
  height: number;
  /** What the axis must at least reach: the limit, so that headroom is to be seen. */
  atLeast?: number;
  thresholds?: readonly Threshold[];
  marks?: readonly Mark[];
  /** A range of figures past now: keys of the low and high rows. */
  band?: { lowKey: string; highKey: string; label: string };
  /** Keys of two series between which a band is drawn, while both are shown: what each point reached. */
  spread?: { lowKey: string; highKey: string };
  nowMs?: number;
  onZoom?: (domain: [number, number]) => void;
  /** What the chart shows, in words. */
  label: string;
}

const TONE: Record<Threshold["tone"], string> = {
  limit: "var(--text-strong)",
  warn: "var(--warn)",
  crit: "var(--crit)",
  goal: "var(--text-faint)",
};

/** Room for the widest tick, "1,024 MiB". */
const AXIS_PX = 68;

/** A chart over time. Loaded lazily by `ChartPanel`: Recharts is the heaviest thing on any page. */
export default function TimeChart(props: TimeChartProps) {
  const {
    rows,
    series,
    unit,
    domain,
    height,
    atLeast = 0,
    thresholds = [],
    marks = [],
    band,
    spread,
    nowMs,
    onZoom,
    label,
  } = props;
  const [fromMs, toMs] = domain;
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const ticks = useMemo(
    () => axisTicks(Math.max(atLeast, greatest(rows, series)), unit),
    [rows, series, atLeast, unit],
  );
  const top = ticks.at(-1) ?? 1;
  const low = Math.min(0, least(rows, series));
  const marginRight = thresholds.length > 0 ? 44 : 12;
  const formatTime = timeTickFormatter(toMs - fromMs);

  /** The moment under the pointer, between points too: where nothing was sampled one may still zoom. */
  function momentUnder(event: SyntheticEvent): number {
    if (!("clientX" in event) || typeof event.clientX !== "number") return toMs;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - left - AXIS_PX) / (width - AXIS_PX - marginRight);
    return fromMs + (toMs - fromMs) * Math.min(Math.max(share, 0), 1);
  }

  function finishDrag() {
    if (drag && onZoom && Math.abs(drag.to - drag.from) > (toMs - fromMs) / 100) {
      onZoom([Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]);
    }
    setDrag(null);
  }

  return (
    <ResponsiveContainer width="100%" height={height}>
      <ComposedChart
        data={rows as ChartRow[]}
        margin={{
          top: 12,
          right: marginRight,
          bottom: marks.length > 0 ? MARK_LANE_PX : 0,
          left: 0,
        }}
        accessibilityLayer
        title={label}
        syncId="time"
        syncMethod="value"
        barCategoryGap={1}
        onMouseDown={(_state, event) => {
          const at = momentUnder(event);
          if (onZoom) setDrag({ from: at, to: at });
        }}
        onMouseMove={(_state, event) => {
          if (drag) setDrag({ ...drag, to: momentUnder(event) });
        }}
        onMouseUp={finishDrag}
        onMouseLeave={() => setDrag(null)}
      >
        <Hatch />
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="atMs"
          type="number"
          scale="time"
          domain={[fromMs, toMs]}
          ticks={timeTicks(fromMs, toMs, 7)}
          tickFormatter={formatTime}
          allowDataOverflow
          tick={{ fill: "var(--text-faint)", fontSize: 12 }}
          tickLine={false}
          axisLine={{ stroke: "var(--line-strong)" }}
          height={24}
          minTickGap={16}
        />
        <YAxis
          width={AXIS_PX}
          domain={[low, top]}
          ticks={low < 0 ? [low, ...ticks] : ticks}
          tickFormatter={(value: number) => formatTick(value, unit)}
          allowDataOverflow
          tick={{ fill: "var(--text-faint)", fontSize: 12 }}
          tickLine={false}
          axisLine={false}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: "var(--line-strong)" }}
          wrapperStyle={{ zIndex: 20 }}
          content={<ChartTooltip series={series} unit={unit} total={series.filter((one) => one.stack).length > 1} />}
        />
        {spread && [spread.lowKey, spread.highKey].every((key) => series.some((one) => one.key === key)) ? (
          <Area
            dataKey={(row: ChartRow) => [row[spread.lowKey] ?? null, row[spread.highKey] ?? null]}
            className="chart-spread"
            stroke="none"
            fill="var(--text-strong)"
            fillOpacity={0.12}
            connectNulls={false}
            isAnimationActive={false}
            activeDot={false}
          />
        ) : null}
        {series.map((one) => shape(one, lonelyRows(rows, one.key)))}
        {band ? (
          <>
            <Area
              dataKey={band.lowKey}
              stackId="band"
              stroke="none"
              fill="none"
              isAnimationActive={false}
              activeDot={false}
            />
            <Area
              dataKey={band.highKey}
              stackId="band"
              stroke="none"
              fill="var(--accent)"
              fillOpacity={0.15}
              isAnimationActive={false}
              activeDot={false}
            />
          </>
        ) : null}
        {thresholds.map((threshold) => (
          <ReferenceLine
            key={threshold.label}
            y={threshold.value}
            stroke={TONE[threshold.tone]}
            {...(threshold.tone === "limit" ? {} : { strokeDasharray: "4 4" })}
            strokeWidth={threshold.tone === "limit" ? 1.5 : 1}
            ifOverflow="hidden"
            label={{ value: threshold.label, position: "right", fill: TONE[threshold.tone], fontSize: 12 }}
          />
        ))}
        {nowMs !== undefined && nowMs < toMs ? (
          <ReferenceLine x={nowMs} stroke="var(--line-strong)" strokeDasharray="2 3" />
        ) : null}
        {drag ? <ReferenceArea x1={drag.from} x2={drag.to} fill="var(--accent)" fillOpacity={0.15} /> : null}
        {marks.length > 0 ? <MarkLane marks={marks} /> : null}
      </ComposedChart>
    </ResponsiveContainer>
  );
}

function shape(series: Series, lonely: ReadonlySet<number>) {
  const common = { dataKey: series.key, name: series.label, isAnimationActive: false } as const;
  const stack = series.stack === undefined ? {} : { stackId: series.stack };
  if (series.kind === "bar")
    return <Bar key={series.key} {...common} {...stack} fill={series.colour} maxBarSize={12} />;
  const dashes = series.dashed ? { strokeDasharray: "5 4" } : {};
  if (series.kind === "line") {
    return (
      <Line
        key={series.key}
        {...common}
        {...dashes}
        type="linear"
        stroke={series.colour}
        strokeWidth={1.5}
        dot={dots(series, lonely)}
        connectNulls={false}
      />
    );
  }
  return (
    <Area
      key={series.key}
      {...common}
      {...stack}
      {...dashes}
      type="linear"
      stroke={series.colour}
      strokeWidth={1}
      fill={series.hatched ? "url(#hatch)" : series.colour}
      fillOpacity={series.hatched ? 1 : 0.55}
      dot={dots(series, lonely)}
      connectNulls={false}
      activeDot={false}
    />
  );
}

/** A point without a neighbour makes no line: it is drawn as a dot, or what is known of a short life would not be seen. */
function dots(series: Series, lonely: ReadonlySet<number>) {
  if (lonely.size === 0) return false;
  return ({ cx, cy, payload }: { cx?: number; cy?: number; payload?: ChartRow }) =>
    payload !== undefined && cx !== undefined && cy !== undefined && lonely.has(payload.atMs) ? (
      <circle key={payload.atMs} className="chart-lone-point" cx={cx} cy={cy} r={2.5} fill={series.colour} />
    ) : (
      <g key={payload?.atMs ?? "none"} />
    );
}

/** The pattern of what no component claims. */
function Hatch() {
  return (
    <defs>
      <pattern id="hatch" width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width={6} height={6} fill="var(--series-unattributed)" fillOpacity={0.16} />
        <line x1={0} y1={0} x2={0} y2={6} stroke="var(--series-unattributed)" strokeWidth={2} />
      </pattern>
    </defs>
  );
}

/** The greatest height that is drawn: stacks summed, the rest by itself. */
function greatest(rows: readonly ChartRow[], series: readonly Series[]): number {
  return Math.max(0, ...rows.map((row) => Math.max(...heights(row, series))));
}

/** The lowest; below 0 only where a figure that stands alone, or a whole stack, is. */
function least(rows: readonly ChartRow[], series: readonly Series[]): number {
  return Math.min(0, ...rows.map((row) => Math.min(...heights(row, series))));
}

/** Every edge that a row draws: 0, each running sum of a stack, each figure that stands alone. */
function heights(row: ChartRow, series: readonly Series[]): number[] {
  const edges = [0];
  const stacks = new Map<string, number>();
  for (const one of series) {
    const value = row[one.key];
    if (typeof value !== "number") continue;
    const height = (stacks.get(one.stack ?? one.key) ?? 0) + value;
    stacks.set(one.stack ?? one.key, height);
    edges.push(height);
  }
  return edges;
}
