"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { MessagesSquare } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import type { z } from "zod";
import { conversationsQuery, ragStatusQuery } from "../../../../lib/client/queries/rag.ts";
import type { conversationSchema } from "../../../../lib/contracts/conversations.ts";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";
import { useRefetchOn } from "./use-refetch-on.ts";

type Conversation = z.output<typeof conversationSchema>;

const hrefOf = (id: string): string => `/rag/conversations/${encodeURIComponent(id)}`;

const COLUMNS: ColumnDef<Conversation, never>[] = [
  {
    accessorKey: "id",
    header: "Conversation",
    cell: ({ row }) => (
      <Link href={hrefOf(row.original.id)} className="text-strong underline-offset-2 hover:underline">
        {row.original.id}
      </Link>
    ),
  },
  { accessorKey: "messages", header: "Messages", size: 110, meta: { align: "right" } },
  {
    accessorKey: "lastMessageAt",
    header: "Last message",
    size: 120,
    cell: ({ row }) => <RelativeTime atMs={Date.parse(row.original.lastMessageAt)} />,
  },
];

export function ConversationsPanel() {
  const router = useRouter();
  const query = useInfiniteQuery(conversationsQuery);
  const { data: status } = useQuery(ragStatusQuery);
  useRefetchOn(status && `${status.conversations} ${status.messages}`, conversationsQuery.queryKey);
  const rows = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const empty = {
    when: rows.length === 0,
    title: "No conversations yet",
    hint: "A conversation starts with its first message: POST /api/v1/conversations/{id}/messages.",
  };
  return (
    <Panel title="Conversations" icon={MessagesSquare} state={panelState(query, empty)} minHeight="320px" flush>
      <DataTable
        label="Conversations"
        rows={rows}
        columns={COLUMNS}
        rowId={({ id }) => id}
        height={400}
        minWidth={420}
        onRowOpen={({ id }) => router.push(hrefOf(id))}
        onEndReached={() => void (query.hasNextPage && !query.isFetching && query.fetchNextPage())}
      />
    </Panel>
  );
}
