"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useFreshness, useLiveState } from "../../../lib/client/live/live-context.tsx";
import { memoryReportQuery, storeHistoryQuery } from "../../../lib/client/queries/memory.ts";
import type { StoreMoment, StoreStats } from "../../../lib/contracts/memory.ts";
import type { ChartRow } from "../charts/series.ts";
import { type PanelState, panelState } from "../ui/panel-state.ts";
import { agedState } from "./aged-state.ts";

export interface StoreView {
  stats: StoreStats | undefined;
  state: PanelState;
}

/** One store's figures of now, and the state of a panel that shows them. */
export function useStore(name: string): StoreView {
  const report = useQuery(memoryReportQuery);
  const fresh = useFreshness();
  const live = useLiveState();
  const stats = report.data?.stores?.find(({ store }) => store === name);
  const base = panelState(report, {
    when: report.isSuccess && stats === undefined,
    title: "This store is not running",
    hint: "This server does not include the store, or the store has not started yet.",
  });
  return { stats, state: base.kind === "ready" ? agedState(fresh, live) : base };
}

/** A store's hit ratio over the 5 minutes before each sample since the server's start, from 0 to 1. */
export function useHitRatioRows(name: string): ChartRow[] {
  const { data: history } = useQuery(storeHistoryQuery);
  return useMemo(() => toRows(history ?? [], name), [history, name]);
}

function toRows(history: readonly StoreMoment[], name: string): ChartRow[] {
  return history.flatMap(({ sampledAt, stores }) => {
    const figures = stores.find(({ store }) => store === name);
    return figures ? [{ atMs: Date.parse(sampledAt), ratio: figures.windowHitRatio }] : [];
  });
}
