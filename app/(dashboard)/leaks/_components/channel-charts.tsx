import { useMemo } from "react";
import type { LeaksView } from "../../../../lib/contracts/leaks.ts";
import { ChartPanel } from "../../../_components/charts/chart-panel.tsx";
import type { ChartRow, Series } from "../../../_components/charts/series.ts";
import { SERIES_LABELS, slopeLabel } from "../../../_components/leaks/verdict-labels.ts";
import type { PanelState } from "../../../_components/ui/panel-state.ts";

type Channel = LeaksView["channels"][number];

const RAW: Series = { key: "raw", label: "Raw samples", colour: "var(--series-runtime)", kind: "line" };
const LIVE: Series = { key: "live", label: "Envelope: live memory", colour: "var(--series-sessions)", kind: "line" };
const TREND: Series = { key: "trend", label: "Trend", colour: "var(--crit)", kind: "line", dashed: true };

const ORDER: readonly Channel["series"][] = ["heap", "external", "arrayBuffers", "native"];

/** Per channel: the samples, the envelope that was judged, and the trend with its interval. */
export function ChannelCharts({ view, state }: { view: LeaksView | undefined; state: PanelState }) {
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      {ORDER.map((series) => (
        <ChannelChart
          key={series}
          series={series}
          channel={view?.channels.find((c) => c.series === series)}
          state={state}
        />
      ))}
    </div>
  );
}

function ChannelChart({
  series,
  channel,
  state,
}: {
  series: Channel["series"];
  channel: Channel | undefined;
  state: PanelState;
}) {
  const rows = useMemo(() => (channel ? rowsOf(channel) : []), [channel]);
  const suspected = channel !== undefined && channel.stage !== "clear";
  const domain = [rows[0]?.atMs ?? 0, rows.at(-1)?.atMs ?? 1] as const;
  const shown: PanelState =
    state.kind === "ready" && rows.length === 0
      ? { kind: "empty", title: "No samples yet", hint: "They appear with the next sample." }
      : state;
  return (
    <ChartPanel
      title={SERIES_LABELS[series]}
      description={suspected && channel ? `Grows ${slopeLabel(channel)}` : "No significant growth"}
      state={shown}
      rows={rows}
      series={suspected ? [RAW, LIVE, TREND] : [RAW, LIVE]}
      unit="bytes"
      domain={domain}
      height={200}
      {...(suspected ? { band: { lowKey: "trendLow", highKey: "trendSpread", label: "90 % interval" } } : {})}
    />
  );
}

/** One row per sample; the curve is known at steps only, and drawn from one to the next. */
function rowsOf(channel: Channel): ChartRow[] {
  const live = new Map(channel.live.map((p) => [Date.parse(p.at), p.bytes]));
  const fromMs = channel.fromAt === null ? null : Date.parse(channel.fromAt);
  const origin = channel.live.find((p) => fromMs !== null && Date.parse(p.at) >= fromMs)?.bytes ?? null;
  let last: number | null = null;
  return channel.raw.map((sample) => {
    const atMs = Date.parse(sample.at);
    last = live.get(atMs) ?? last;
    const hours = fromMs === null || atMs < fromMs ? null : (atMs - fromMs) / 3_600_000;
    const along = (slope: number) => (hours === null || origin === null ? null : origin + slope * hours);
    return {
      atMs,
      raw: sample.bytes,
      live: last,
      trend: along(channel.slopeBytesPerHour),
      trendLow: along(channel.slopeLow),
      // The band is drawn as a height over its lower edge.
      trendSpread: hours === null ? null : (channel.slopeHigh - channel.slopeLow) * hours,
    };
  });
}
