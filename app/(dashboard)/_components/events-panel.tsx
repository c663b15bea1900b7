"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { auditQuery } from "../../../lib/client/queries/audit.ts";
import { optimizationRunsQuery } from "../../../lib/client/queries/memory.ts";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { Badge } from "../../_components/ui/badge.tsx";
import { Panel } from "../../_components/ui/panel.tsx";
import { panelState } from "../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../_components/ui/relative-time.tsx";
import { recentEvents } from "./recent-events.ts";
import { useTimeline } from "./use-timeline.ts";

/** Who or what did what, newest first. A viewer sees runs and restarts; the audit is for operators. */
export function EventsPanel() {
  const { data: me } = useQuery(meQuery);
  const runs = useQuery(optimizationRunsQuery);
  const audit = useInfiniteQuery({ ...auditQuery, enabled: me?.role === "operator" });
  const { restarts } = useTimeline();
  const events = recentEvents({
    runs: runs.data?.items ?? [],
    audit: audit.data?.pages[0]?.items ?? [],
    restarts,
  }).slice(0, 12);
  return (
    <Panel
      title="Recent events"
      icon={Activity}
      state={panelState(runs, {
        when: events.length === 0,
        title: "No events yet",
        hint: "Optimizations, changes of settings and keys, and restarts appear here, with the actor and the memory freed.",
      })}
      minHeight="220px"
      flush
    >
      <ul>
        {events.map((event) => (
          <li
            key={event.id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-t px-4 py-2.5 text-13"
          >
            <span className="w-24 shrink-0 text-faint">
              <RelativeTime atMs={event.atMs} />
            </span>
            <Badge tone={event.tone}>{event.kind}</Badge>
            <span className="min-w-0 grow basis-64 break-words text-strong">{event.sentence}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
