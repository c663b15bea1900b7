"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { ScrollText } from "lucide-react";
import { auditQuery } from "../../../../lib/client/queries/audit.ts";
import type { AuditView } from "../../../../lib/contracts/audit.ts";
import { Badge, type Tone } from "../../../_components/ui/badge.tsx";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { Moment } from "../../../_components/ui/relative-time.tsx";

const OUTCOME: Record<AuditView["outcome"], Tone> = { done: "ok", refused: "warn", failed: "crit" };

const COLUMNS: ColumnDef<AuditView, never>[] = [
  { accessorKey: "at", header: "When", size: 250, cell: ({ row }) => <Moment atMs={Date.parse(row.original.at)} /> },
  {
    accessorKey: "actor",
    header: "Actor",
    size: 150,
    cell: ({ row }) => <span className="text-strong">{row.original.actor}</span>,
  },
  {
    accessorKey: "action",
    header: "Action",
    size: 160,
    cell: ({ row }) => <code className="font-mono text-12">{row.original.action}</code>,
  },
  {
    accessorKey: "outcome",
    header: "Outcome",
    size: 120,
    cell: ({ row }) => <Badge tone={OUTCOME[row.original.outcome]}>{row.original.outcome}</Badge>,
  },
  {
    accessorKey: "target",
    header: "Target",
    size: 200,
    cell: ({ row }) => <span title={row.original.target}>{row.original.target}</span>,
  },
  {
    accessorKey: "detail",
    header: "Detail",
    cell: ({ row }) => <span title={row.original.detail}>{row.original.detail}</span>,
  },
];

/** Who optimized, changed a setting, made a key, or was refused. */
export function AuditPanel() {
  const query = useInfiniteQuery(auditQuery);
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Panel
      title="Audit"
      icon={ScrollText}
      description="The newest 10,000 entries are kept."
      state={panelState(query, {
        when: rows.length === 0,
        title: "No audit entries yet",
        hint: "Changes, optimization runs and refused requests appear here.",
      })}
      minHeight="480px"
      flush
    >
      <DataTable
        label="Audit"
        rows={rows}
        columns={COLUMNS}
        rowId={(entry) => String(entry.id)}
        height={560}
        minWidth={1060}
        onEndReached={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
      />
    </Panel>
  );
}
