"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { RotateCw } from "lucide-react";
import { useState } from "react";
import { sessionsQuery } from "../../../../lib/client/queries/sessions.ts";
import type { Session } from "../../../../lib/contracts/sessions.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { NamespaceField, useNamespace } from "../../../_components/store/namespace-field.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Input } from "../../../_components/ui/field.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";
import { SessionSheet } from "./session-sheet.tsx";

const COLUMNS: ColumnDef<Session, never>[] = [
  {
    accessorKey: "id",
    header: "Session",
    cell: ({ row }) => <code className="font-mono text-12 text-strong">{row.original.id}</code>,
  },
  {
    accessorKey: "createdAt",
    header: "Created",
    size: 120,
    cell: ({ row }) => <RelativeTime atMs={Date.parse(row.original.createdAt)} />,
  },
  {
    accessorKey: "lastUsedAt",
    header: "Last access",
    size: 120,
    cell: ({ row }) => <RelativeTime atMs={Date.parse(row.original.lastUsedAt)} />,
  },
  {
    accessorKey: "expiresAt",
    header: "Expires",
    size: 120,
    cell: ({ row }) => <RelativeTime atMs={Date.parse(row.original.expiresAt)} />,
  },
  { accessorKey: "version", header: "Version", size: 100, meta: { align: "right" } },
  {
    accessorKey: "bytes",
    header: "Data",
    size: 110,
    meta: { align: "right" },
    cell: ({ row }) => formatBytes(row.original.bytes),
  },
];

/** Live sessions, in memory or not, without what is in them. */
export function SessionsList() {
  const [namespace] = useNamespace();
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState<Session | null>(null);
  const query = useInfiniteQuery(sessionsQuery(namespace));
  const loaded = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const rows = search === "" ? loaded : loaded.filter(({ id }) => id.includes(search.trim()));
  return (
    <Panel
      title="Live sessions"
      description={query.hasNextPage ? `${loaded.length} loaded, more below` : `${loaded.length} in this namespace`}
      state={panelState(query, {
        when: loaded.length === 0,
        title: "No sessions in this namespace",
        hint: "A consumer creates one with POST /api/v1/sessions; npm run load creates thousands.",
      })}
      minHeight="360px"
      flush
      actions={
        <>
          <NamespaceField />
          <Input
            className="h-8 w-44 text-12"
            type="search"
            aria-label="Find by ID"
            placeholder="Find by ID"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <Button size="sm" busy={query.isFetching} onClick={() => void query.refetch()}>
            <RotateCw aria-hidden className="size-3.5" /> Refresh
          </Button>
        </>
      }
    >
      {rows.length === 0 ? (
        <p className="px-4 py-8 text-center text-13">
          None of the {loaded.length} loaded has an id with these characters.
        </p>
      ) : (
        <DataTable
          label="Live sessions"
          rows={rows}
          columns={COLUMNS}
          rowId={(session) => session.id}
          minWidth={900}
          onRowOpen={setOpen}
          onEndReached={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
        />
      )}
      <SessionSheet key={open?.id} namespace={namespace} session={open} onClose={() => setOpen(null)} />
    </Panel>
  );
}
