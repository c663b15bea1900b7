"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { useState } from "react";
import { collectionsQuery } from "../../../../lib/client/queries/vectors.ts";
import type { CollectionView } from "../../../../lib/contracts/vectors.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { NamespaceField, useNamespace } from "../../../_components/store/namespace-field.tsx";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { CollectionSheet } from "./collection-sheet.tsx";

const COUNT = new Intl.NumberFormat("en-US");
const right = { align: "right" } as const;

const COLUMNS: ColumnDef<CollectionView, never>[] = [
  {
    accessorKey: "name",
    header: "Collection",
    cell: ({ row }) => <code className="font-mono text-12 text-strong">{row.original.name}</code>,
  },
  {
    id: "shape",
    header: "Shape",
    size: 210,
    enableSorting: false,
    cell: ({ row: { original } }) => `${COUNT.format(original.dimensions)} × ${original.precision}, ${original.metric}`,
  },
  {
    accessorKey: "items",
    header: "Points",
    size: 110,
    meta: right,
    cell: ({ row }) => COUNT.format(row.original.items),
  },
  {
    id: "hot",
    header: "Hot",
    size: 100,
    meta: right,
    enableSorting: false,
    cell: ({ row }) => COUNT.format(row.original.tiers.hot),
  },
  {
    id: "cold",
    header: "Cold",
    size: 100,
    meta: right,
    enableSorting: false,
    cell: ({ row }) => COUNT.format(row.original.tiers.cold),
  },
  {
    id: "disk",
    header: "Only on disk",
    size: 110,
    meta: right,
    enableSorting: false,
    cell: ({ row }) => COUNT.format(row.original.tiers.disk),
  },
  {
    accessorKey: "bytes",
    header: "Memory",
    size: 110,
    meta: right,
    cell: ({ row }) => formatBytes(row.original.bytes),
  },
  {
    accessorKey: "hitRatio",
    header: "Hit ratio",
    size: 100,
    meta: right,
    cell: ({ row: { original } }) => (original.hitRatio === null ? "–" : `${(original.hitRatio * 100).toFixed(1)} %`),
  },
];

/** Collections of a namespace, with where their vectors are. */
export function CollectionsList() {
  const [namespace] = useNamespace();
  const [open, setOpen] = useState<string | null>(null);
  const query = useInfiniteQuery(collectionsQuery(namespace));
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const chosen = rows.find(({ name }) => name === open) ?? null;
  return (
    <Panel
      title="Collections"
      description={query.hasNextPage ? `${rows.length} loaded, more below` : `${rows.length} in this namespace`}
      state={panelState(query, {
        when: rows.length === 0,
        title: "No collections in this namespace",
        hint: "A consumer makes one with PUT /api/v1/collections/{name}.",
      })}
      minHeight="320px"
      flush
      actions={<NamespaceField />}
    >
      <DataTable
        label="Collections"
        rows={rows}
        columns={COLUMNS}
        rowId={({ name }) => name}
        minWidth={980}
        onRowOpen={({ name }) => setOpen(name)}
        onEndReached={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
      />
      <CollectionSheet key={open} namespace={namespace} collection={chosen} onClose={() => setOpen(null)} />
    </Panel>
  );
}
