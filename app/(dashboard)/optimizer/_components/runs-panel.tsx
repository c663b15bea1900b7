"use client";

import { useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { History } from "lucide-react";
import { parseAsString, useQueryState } from "nuqs";
import { memoryReportQuery, optimizationRunsQuery } from "../../../../lib/client/queries/memory.ts";
import type { OptimizationRun } from "../../../../lib/contracts/memory.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { formatMilliseconds } from "../../../../lib/shared/duration.ts";
import { PlanTable } from "../../../_components/optimizer/plan-table.tsx";
import { TRIGGER_LABELS, totals } from "../../../_components/optimizer/run-labels.ts";
import { RunOutcome } from "../../../_components/optimizer/run-outcome.tsx";
import { Badge, type Tone } from "../../../_components/ui/badge.tsx";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { Moment } from "../../../_components/ui/relative-time.tsx";
import { Sheet } from "../../../_components/ui/sheet.tsx";

const STATES: Record<OptimizationRun["state"], { tone: Tone; word: string }> = {
  running: { tone: "pending", word: "Running" },
  completed: { tone: "ok", word: "Completed" },
  "nothing-to-do": { tone: "muted", word: "Nothing to do" },
  failed: { tone: "crit", word: "Failed" },
};

const COLUMNS: ColumnDef<OptimizationRun, never>[] = [
  {
    accessorKey: "startedAt",
    header: "When",
    size: 260,
    cell: ({ row }) => <Moment atMs={Date.parse(row.original.startedAt)} />,
  },
  {
    accessorKey: "state",
    header: "Outcome",
    size: 150,
    cell: ({ row }) => <Badge tone={STATES[row.original.state].tone}>{STATES[row.original.state].word}</Badge>,
  },
  {
    accessorKey: "trigger",
    header: "Why",
    cell: ({ row }) => (
      <span>
        {TRIGGER_LABELS[row.original.trigger]}
        {row.original.trigger === "manual" ? <span className="text-faint">, {row.original.actor}</span> : null}
      </span>
    ),
  },
  {
    id: "predicted",
    header: "Predicted",
    size: 120,
    meta: { align: "right" },
    cell: ({ row }) => formatBytes(totals(row.original).all.predictedBytes),
  },
  {
    accessorKey: "freedBytes",
    header: "Freed",
    size: 120,
    meta: { align: "right" },
    cell: ({ row }) => <strong>{formatBytes(totals(row.original).all.freedBytes)}</strong>,
  },
  {
    accessorKey: "rssFreedBytes",
    header: "RSS freed",
    size: 130,
    meta: { align: "right" },
    cell: ({ row }) => formatBytes(row.original.rssFreedBytes),
  },
  {
    accessorKey: "durationMs",
    header: "Duration",
    size: 110,
    meta: { align: "right" },
    cell: ({ row }) => formatMilliseconds(row.original.durationMs),
  },
];

/** Past runs, newest first; one opens with its steps, and has an address of its own. */
export function RunsPanel() {
  const [openId, setOpenId] = useQueryState("run", parseAsString);
  const query = useQuery(optimizationRunsQuery);
  const { data: report } = useQuery(memoryReportQuery);
  const runs = query.data?.items ?? [];
  const open = runs.find(({ id }) => id === openId);
  return (
    <Panel
      title="Runs"
      icon={History}
      state={panelState(query, {
        when: runs.length === 0,
        title: "No runs yet",
        hint: "A run starts with the Optimize button, or automatically when usage exceeds the threshold.",
      })}
      minHeight="320px"
      flush
    >
      <DataTable
        label="Runs"
        rows={runs}
        columns={COLUMNS}
        rowId={(run) => run.id}
        minWidth={1040}
        onRowOpen={(run) => void setOpenId(run.id)}
      />
      <Sheet open={open !== undefined} onOpenChange={(isOpen) => !isOpen && void setOpenId(null)} title="Run">
        {open ? (
          <div className="flex flex-col gap-5">
            <div className="flex flex-wrap items-center gap-3 text-13">
              <Badge tone={STATES[open.state].tone}>{STATES[open.state].word}</Badge>
              <Moment atMs={Date.parse(open.startedAt)} />
            </div>
            <RunOutcome run={open} limitBytes={report?.sample.limitBytes} />
            <PlanTable steps={open.steps} results={new Map(open.steps.map((step) => [step.step, step]))} />
          </div>
        ) : null}
      </Sheet>
    </Panel>
  );
}
