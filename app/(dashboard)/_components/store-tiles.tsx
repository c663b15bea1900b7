"use client";

import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import Link from "next/link";
import { memoryReportQuery } from "../../../lib/client/queries/memory.ts";
import type { StoreStats } from "../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../lib/shared/bytes.ts";
import { NAVIGATION } from "../../_components/shell/navigation.ts";
import { HIT_RATIO_GOAL } from "../../_components/store/store-panels.tsx";
import { useHitRatioRows, useStore } from "../../_components/store/use-store.ts";
import { Meter } from "../../_components/ui/meter.tsx";
import { Panel } from "../../_components/ui/panel.tsx";
import { Sparkline } from "../../_components/ui/sparkline.tsx";
import { storeLooks } from "./store-looks.ts";

const COUNT = new Intl.NumberFormat("en-US");

/** One tile per store that this server runs. */
export function StoreTiles() {
  const { data: report } = useQuery(memoryReportQuery);
  const stores = report?.stores ?? [];
  if (stores.length === 0) return null;
  return (
    <div className="grid min-w-0 gap-6 sm:grid-cols-2 xl:grid-cols-[repeat(auto-fit,minmax(260px,1fr))]">
      {stores.map(({ store }) => (
        <StoreTile key={store} store={store} />
      ))}
    </div>
  );
}

function StoreTile({ store }: { store: string }) {
  const { stats, state } = useStore(store);
  const rows = useHitRatioRows(store);
  const { name, href, colour } = storeLooks(store);
  const isBuilt = NAVIGATION.some((destination) => destination.href === href);
  return (
    <Panel
      title={name}
      state={state}
      minHeight="164px"
      actions={
        isBuilt && href ? (
          <Link
            href={href}
            className="flex items-center gap-1 text-12 text-soft hover:text-strong"
            aria-label={`Open ${name}`}
          >
            Open <ArrowRight aria-hidden className="size-3.5" />
          </Link>
        ) : null
      }
    >
      {stats ? (
        <div className="flex flex-col gap-3">
          <div className="grid grid-cols-[auto_minmax(0,1fr)] items-end gap-4">
            <div>
              <p className="tabular font-semibold text-28 text-strong">
                {percent(stats.window.hitRatio ?? stats.hitRatio)}
              </p>
              <p className="text-12 text-faint">{ratioLabel(stats)}</p>
            </div>
            <Sparkline
              values={rows.map((row) => row.ratio ?? null)}
              colour={colour}
              threshold={HIT_RATIO_GOAL}
              min={0}
              max={1}
            />
          </div>
          <Bound stats={stats} />
          <p className="truncate text-12 text-faint">{removals(stats)}</p>
        </div>
      ) : null}
    </Panel>
  );
}

function Bound({ stats }: { stats: StoreStats }) {
  // A store without a bound on its items has one on its bytes.
  const bound = stats.maxItems ?? stats.maxBytes ?? Math.max(stats.bytes, 1);
  const items =
    stats.maxItems === null
      ? COUNT.format(stats.items)
      : `${COUNT.format(stats.items)} of ${COUNT.format(stats.maxItems)}`;
  return (
    <div>
      <div className="mb-1.5 flex flex-wrap justify-between gap-x-4 text-13">
        <span className="tabular text-strong">{items}</span>
        <span className="tabular">
          {formatBytes(stats.bytes)}
          {stats.maxBytes === null ? null : <span className="text-faint"> of {formatBytes(stats.maxBytes)}</span>}
        </span>
      </div>
      <Meter
        label="Filled"
        value={stats.maxItems === null ? stats.bytes : stats.items}
        max={bound}
        valueText={items}
        size="sm"
      />
    </div>
  );
}

function ratioLabel({ hitRatio, window }: StoreStats): string {
  if (window.hitRatio !== null) return "hit ratio, 5 min";
  return hitRatio === null ? "no lookup yet" : "hit ratio, lifetime";
}

function percent(ratio: number | null): string {
  return ratio === null ? "–" : `${(ratio * 100).toFixed(1)} %`;
}

/** The causes that occurred, most frequent first. */
function removals({ removals: counts }: StoreStats): string {
  const told = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, count]) => `${COUNT.format(count)} ${cause}`);
  return told.length === 0 ? "nothing removed yet" : told.join(" · ");
}
