"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { FileText } from "lucide-react";
import { documentsQuery, ragStatusQuery } from "../../../../lib/client/queries/rag.ts";
import type { DocumentView } from "../../../../lib/contracts/rag.ts";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";
import { useRefetchOn } from "./use-refetch-on.ts";

const COLUMNS: ColumnDef<DocumentView, never>[] = [
  { accessorKey: "id", header: "Document", cell: ({ row }) => <span className="text-strong">{row.original.id}</span> },
  { accessorKey: "source", header: "Source" },
  { accessorKey: "chunks", header: "Chunks", size: 90, meta: { align: "right" } },
  {
    accessorKey: "updatedAt",
    header: "Updated",
    size: 120,
    cell: ({ row }) => <RelativeTime atMs={Date.parse(row.original.updatedAt)} />,
  },
];

export function DocumentsPanel() {
  const query = useInfiniteQuery(documentsQuery);
  const { data: status } = useQuery(ragStatusQuery);
  useRefetchOn(status && `${status.documents} ${status.characters}`, documentsQuery.queryKey);
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const empty = {
    when: rows.length === 0,
    title: "No documents yet",
    hint: "Add a document with PUT /api/v1/rag/documents/{id}.",
  };
  return (
    <Panel title="Documents" icon={FileText} state={panelState(query, empty)} minHeight="320px" flush>
      <DataTable
        label="Documents"
        rows={rows}
        columns={COLUMNS}
        rowId={({ id }) => id}
        height={400}
        minWidth={480}
        onEndReached={() => void (query.hasNextPage && !query.isFetching && query.fetchNextPage())}
      />
    </Panel>
  );
}
