"use client";

import type { StoreStats } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { formatDuration } from "../../../lib/shared/duration.ts";
import { ChartPanel } from "../charts/chart-panel.tsx";
import type { Series, Threshold } from "../charts/series.ts";
import { Meter, type MeterTone } from "../ui/meter.tsx";
import { Panel } from "../ui/panel.tsx";
import { Stat, StatGrid } from "../ui/stat.tsx";
import { useHitRatioRows, useStore } from "./use-store.ts";

const COUNT = new Intl.NumberFormat("en-US");
/** The report's promise for the response cache, and a sensible goal for any. */
export const HIT_RATIO_GOAL = 0.85;

/** How full a store is against both of its bounds, and what it does when it is full. */
export function BoundsPanel({ store, items, whenFull }: { store: string; items: string; whenFull: string }) {
  const { stats, state } = useStore(store);
  return (
    <Panel title="Bounds" description={whenFull} state={state} minHeight="188px">
      {stats ? (
        <div className="flex flex-col gap-4">
          <Bound label={items} value={stats.items} max={stats.maxItems} format={(value) => COUNT.format(value)} />
          <Bound label="Memory" value={stats.bytes} max={stats.maxBytes} format={formatBytes} />
          <StatGrid className="mt-1">
            <Stat
              label="Time to live"
              size="sm"
              value={stats.ttlSeconds === null ? null : formatDuration(stats.ttlSeconds)}
            />
            <Stat label="Policy" size="sm" value={stats.policy} />
            <Stat label="On disk" size="sm" value={COUNT.format(stats.spilledItems)} />
            <Stat label="Refused" size="sm" value={COUNT.format(stats.rejections)} />
          </StatGrid>
        </div>
      ) : null}
    </Panel>
  );
}

function Bound(props: { label: string; value: number; max: number | null; format: (value: number) => string }) {
  const { label, value, max, format } = props;
  const text = max === null ? format(value) : `${format(value)} of ${format(max)}`;
  return (
    <div>
      <div className="mb-1.5 flex justify-between gap-4 text-13">
        <span>{label}</span>
        <span className="tabular font-medium text-strong">{text}</span>
      </div>
      {max === null ? null : (
        <Meter label={label} value={value} max={max} valueText={text} tone={fullness(value / max)} />
      )}
    </div>
  );
}

/** A full store is at its bound by design, so it is told and not alarmed about. */
function fullness(share: number): MeterTone {
  return share > 1 ? "crit" : "accent";
}

const HIT_RATIO: readonly Series[] = [
  { key: "ratio", label: "Hit ratio, 5 minutes", colour: "var(--accent)", kind: "line" },
];
const GOAL: readonly Threshold[] = [{ value: HIT_RATIO_GOAL, label: "85 %", tone: "goal" }];

/** How many look-ups were answered, over time. */
export function HitRatioPanel({ store, goal = false }: { store: string; goal?: boolean }) {
  const { stats, state } = useStore(store);
  const rows = useHitRatioRows(store);
  const lifetime =
    stats && stats.hitRatio !== null
      ? `${(stats.hitRatio * 100).toFixed(1)} % since the start`
      : "no lookup since the start";
  return (
    <ChartPanel
      title="Hit ratio"
      description={
        stats ? `${COUNT.format(stats.hits)} hits, ${COUNT.format(stats.misses)} misses: ${lifetime}` : undefined
      }
      state={state}
      rows={rows}
      series={HIT_RATIO}
      unit="ratio"
      domain={[rows[0]?.atMs ?? 0, Math.max(rows.at(-1)?.atMs ?? 0, (rows[0]?.atMs ?? 0) + 60_000)]}
      atLeast={1}
      height={180}
      {...(goal ? { thresholds: GOAL } : {})}
    />
  );
}

const CAUSES: readonly { cause: keyof StoreStats["removals"]; label: string; means: string }[] = [
  { cause: "evicted", label: "Evicted", means: "removed to stay within a bound" },
  { cause: "expired", label: "Expired", means: "reached the end of its time to live" },
  { cause: "spilled", label: "Spilled", means: "moved to disk, loaded again on access" },
  { cause: "replaced", label: "Replaced", means: "replaced by a newer value" },
  { cause: "deleted", label: "Deleted", means: "deleted by a request" },
];

/** Why items left, since the start. */
export function RemovalsPanel({ store }: { store: string }) {
  const { stats, state } = useStore(store);
  const most = stats ? Math.max(1, ...Object.values(stats.removals)) : 1;
  return (
    <Panel title="Removals by cause" description="Since the start" state={state} minHeight="188px">
      {stats ? (
        <dl className="flex flex-col gap-2.5">
          {CAUSES.map(({ cause, label, means }) => (
            <div key={cause} className="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-4">
              <dt className="truncate text-13">
                <span className="text-strong">{label}</span> <span className="text-12 text-faint">{means}</span>
              </dt>
              <dd className="tabular font-medium text-13 text-strong">{COUNT.format(stats.removals[cause])}</dd>
              <dd aria-hidden className="col-span-2 mt-1 h-1 rounded-sm bg-surface-2">
                <div
                  className="h-full rounded-sm bg-accent"
                  style={{ width: `${(stats.removals[cause] / most) * 100}%` }}
                />
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </Panel>
  );
}
