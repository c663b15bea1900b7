"use client";

import { useQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { verdictsQuery } from "../../../../lib/client/queries/leaks.ts";
import { SERIES_LABELS, STATE_LABELS } from "../../../_components/leaks/verdict-labels.ts";
import { Badge } from "../../../_components/ui/badge.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";

/** Each change of verdict, of this server and of the watched services; one line per change, not per sample. */
export function VerdictHistory() {
  const query = useQuery(verdictsQuery);
  const items = query.data?.items ?? [];
  const state = panelState(query, {
    when: items.length === 0,
    title: "No verdicts yet",
    hint: "The first verdict comes half an hour after the start.",
  });
  return (
    <Panel title="Verdict history" icon={History} state={state} minHeight="120px" flush>
      <ol>
        {items.map((item) => (
          <li
            key={item.id}
            className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 border-line border-t px-4 py-2 text-13 sm:grid-cols-[7rem_1fr_auto]"
          >
            <span>
              <Badge tone={STATE_LABELS[item.state].tone}>{STATE_LABELS[item.state].word}</Badge>
            </span>
            <span className="order-last col-span-2 min-w-0 sm:order-none sm:col-span-1">
              <span className="text-strong">{item.source ?? "This server"}</span>{" "}
              <span className="text-soft">{item.suspects.map((s) => SERIES_LABELS[s.series]).join(", ")}</span>
            </span>
            <span className="whitespace-nowrap text-faint">
              <RelativeTime atMs={Date.parse(item.at)} />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
