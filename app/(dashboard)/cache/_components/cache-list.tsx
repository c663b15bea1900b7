"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { Eraser, RotateCw } from "lucide-react";
import { parseAsString, useQueryState } from "nuqs";
import { useDeferredValue, useState } from "react";
import { cacheEntriesQuery } from "../../../../lib/client/queries/cache.ts";
import type { CacheEntryView } from "../../../../lib/contracts/cache.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { formatDuration } from "../../../../lib/shared/duration.ts";
import { NamespaceField, useNamespace } from "../../../_components/store/namespace-field.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Input } from "../../../_components/ui/field.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { EntrySheet } from "./entry-sheet.tsx";
import { PurgeDialog } from "./purge-dialog.tsx";

const COLUMNS: ColumnDef<CacheEntryView, never>[] = [
  {
    accessorKey: "key",
    header: "Key",
    cell: ({ row }) => <code className="font-mono text-12 text-strong">{row.original.key}</code>,
  },
  { accessorKey: "mediaType", header: "Media type", size: 160 },
  { accessorKey: "hits", header: "Hits", size: 90, meta: { align: "right" } },
  {
    accessorKey: "bytes",
    header: "Size",
    size: 110,
    meta: { align: "right" },
    cell: ({ row }) => formatBytes(row.original.bytes),
  },
  {
    accessorKey: "storedBytes",
    header: "Stored",
    size: 110,
    meta: { align: "right" },
    cell: ({ row }) => formatBytes(row.original.storedBytes),
  },
  {
    accessorKey: "ageSeconds",
    header: "Age",
    size: 90,
    meta: { align: "right" },
    cell: ({ row }) => formatDuration(row.original.ageSeconds),
  },
  {
    accessorKey: "ttlSeconds",
    header: "TTL left",
    size: 90,
    meta: { align: "right" },
    cell: ({ row }) => formatDuration(row.original.ttlSeconds),
  },
];

/** Cached responses without their bodies, found by the beginning of their key or by a tag. */
export function CacheList() {
  const [namespace] = useNamespace();
  const [prefix, setPrefix] = useQueryState("prefix", parseAsString.withDefault(""));
  const [tag, setTag] = useQueryState("tag", parseAsString.withDefault(""));
  const [open, setOpen] = useState<CacheEntryView | null>(null);
  const [purging, setPurging] = useState(false);
  const filter = { namespace, prefix: useDeferredValue(prefix), tag: useDeferredValue(tag) };
  const query = useInfiniteQuery({ ...cacheEntriesQuery(filter), placeholderData: keepPreviousData });
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const filtered = prefix !== "" || tag !== "";
  return (
    <Panel
      title="Cached responses"
      description={
        query.hasNextPage
          ? `${rows.length} loaded, more below`
          : `${rows.length} ${filtered ? "match" : "in this namespace"}`
      }
      state={panelState(query, {
        when: rows.length === 0,
        title: filtered ? "No cached response matches" : "No cached responses in this namespace",
        hint: filtered
          ? "The filter needs a key that starts with the prefix and has the tag."
          : "A consumer fills it with PUT /api/v1/cache/{key}; npm run load fills and reads it.",
      })}
      minHeight="360px"
      flush
      actions={
        <>
          <NamespaceField />
          <Input
            className="h-8 w-36 text-12"
            type="search"
            aria-label="Key starts with"
            placeholder="Key starts with"
            value={prefix}
            onChange={(event) => void setPrefix(event.target.value || null)}
          />
          <Input
            className="h-8 w-28 text-12"
            type="search"
            aria-label="Tag"
            placeholder="Tag"
            value={tag}
            onChange={(event) => void setTag(event.target.value || null)}
          />
          <Button size="sm" busy={query.isFetching} onClick={() => void query.refetch()}>
            <RotateCw aria-hidden className="size-3.5" /> Refresh
          </Button>
          <Button size="sm" variant="danger" onClick={() => setPurging(true)}>
            <Eraser aria-hidden className="size-3.5" /> Purge
          </Button>
        </>
      }
    >
      <DataTable
        label="Cached responses"
        rows={rows}
        columns={COLUMNS}
        rowId={(entry) => entry.key}
        minWidth={960}
        onRowOpen={setOpen}
        onEndReached={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
      />
      <EntrySheet key={open?.key} namespace={namespace} entry={open} onClose={() => setOpen(null)} />
      {purging ? (
        <PurgeDialog namespace={namespace} prefix={prefix} tag={tag} onClose={() => setPurging(false)} />
      ) : null}
    </Panel>
  );
}
