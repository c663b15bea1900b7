"use client";

import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useFreshness, useLiveState } from "../../../lib/client/live/live-context.tsx";
import type { Freshness, LiveState } from "../../../lib/client/live/live-state.ts";
import { timelineQuery } from "../../../lib/client/queries/memory.ts";
import type { Point } from "../../../lib/client/timeline/point.ts";
import { rangeSpanMs } from "../../../lib/client/timeline/range.ts";
import { drawablePoints, restartsOf, type Timeline } from "../../../lib/client/timeline/timeline.ts";
import { useNow } from "../../../lib/client/use-now.ts";
import { useRange } from "../../_components/shell/view-state.ts";
import { agedState } from "../../_components/store/aged-state.ts";
import { type PanelState, panelState } from "../../_components/ui/panel-state.ts";

export interface TimelineView {
  points: readonly Point[];
  /** When another process began, in order. */
  restarts: readonly number[];
  /** The window of the chart. While live its right edge moves on with time; otherwise it ends at the last sample. */
  domain: readonly [number, number];
  state: PanelState;
}

/** The chosen window of the timeline, ready to draw, and the state of a panel that shows it. */
export function useTimeline(): TimelineView {
  const [range] = useRange();
  const query = useQuery(timelineQuery(range));
  const live = useLiveState();
  const fresh = useFreshness();
  const nowMs = useNow();
  const spanMs = rangeSpanMs(range);
  const points = query.data ? drawablePoints(query.data) : [];
  const newestMs = points.at(-1)?.atMs ?? nowMs ?? 0;
  const endMs = fresh === "paused" ? newestMs : Math.max(newestMs, nowMs ?? 0);
  const restarts = query.data ? restartsOf(query.data) : [];
  return { points, restarts, domain: [endMs - spanMs, endMs], state: timelineState(query, fresh, live) };
}

function timelineState(query: UseQueryResult<Timeline>, fresh: Freshness, live: LiveState): PanelState {
  const base = panelState(query, {
    when: query.data?.points.length === 0,
    title: "No samples in this range yet",
    hint: "The first sample arrives within one sampling period; the chart then updates by itself.",
  });
  return base.kind === "ready" ? agedState(fresh, live) : base;
}
