"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ColumnDef } from "@tanstack/react-table";
import { KeyRound, Plus, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { keysQuery, revokeKey } from "../../../../lib/client/queries/keys.ts";
import { meQuery } from "../../../../lib/client/queries/session.ts";
import type { KeyView } from "../../../../lib/contracts/auth.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { ConfirmDialog } from "../../../_components/ui/confirm-dialog.tsx";
import { DataTable } from "../../../_components/ui/data-table.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import { panelState } from "../../../_components/ui/panel-state.ts";
import { Moment, RelativeTime } from "../../../_components/ui/relative-time.tsx";
import { toastDone, toastError } from "../../../_components/ui/toast.ts";
import { CreateKey } from "./create-key.tsx";

export function KeysPanel() {
  const query = useQuery(keysQuery);
  const { data: me } = useQuery(meQuery);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<KeyView | null>(null);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (key: KeyView) => revokeKey(key.id),
    onSuccess: (_nothing, key) => {
      void client.invalidateQueries({ queryKey: keysQuery.queryKey });
      toastDone("Revoked", `${key.name} no longer opens anything.`);
      setRevoking(null);
    },
    onError: toastError,
  });
  const columns = useMemo(() => keyColumns(me?.keyId, setRevoking), [me?.keyId]);
  return (
    <Panel
      title="API keys"
      icon={KeyRound}
      description="A viewer reads monitoring data, a consumer uses the stores of its namespace, an operator may do everything."
      state={panelState(query)}
      minHeight="360px"
      flush
      actions={
        <Button variant="primary" size="sm" onClick={() => setCreating(true)}>
          <Plus aria-hidden className="size-3.5" /> New key
        </Button>
      }
    >
      <DataTable
        label="API keys"
        rows={query.data?.items ?? []}
        columns={columns}
        rowId={(key) => key.id}
        minWidth={720}
      />
      {creating ? <CreateKey onClose={() => setCreating(false)} /> : null}
      <ConfirmDialog
        open={revoking !== null}
        onOpenChange={(open) => !open && setRevoking(null)}
        title={`Revoke ${revoking?.name ?? "this key"}?`}
        verb="Revoke"
        busy={revoke.isPending}
        onConfirm={() => revoking && revoke.mutate(revoking)}
      >
        Requests with this key get 401 from now on, and its dashboard sessions end. This cannot be undone.
      </ConfirmDialog>
    </Panel>
  );
}

function keyColumns(ownId: string | undefined, onRevoke: (key: KeyView) => void): ColumnDef<KeyView, never>[] {
  return [
    {
      accessorKey: "name",
      header: "Name",
      cell: ({ row }) => <span className="text-strong">{row.original.name}</span>,
    },
    { accessorKey: "role", header: "Role", size: 110 },
    { accessorKey: "namespace", header: "Namespace", size: 140 },
    {
      accessorKey: "createdAt",
      header: "Created",
      size: 140,
      cell: ({ row }) => <RelativeTime atMs={Date.parse(row.original.createdAt)} />,
    },
    {
      accessorKey: "expiresAt",
      header: "Expires",
      size: 240,
      cell: ({ row }) => (row.original.expiresAt ? <Moment atMs={Date.parse(row.original.expiresAt)} /> : "never"),
    },
    {
      id: "revoke",
      header: () => <span className="sr-only">Revoke</span>,
      size: 72,
      enableSorting: false,
      meta: { align: "right" },
      cell: ({ row }) =>
        row.original.id === ownId ? (
          <span className="text-12 text-faint">yours</span>
        ) : (
          <Button
            size="icon-sm"
            variant="ghost"
            aria-label={`Revoke ${row.original.name}`}
            onClick={() => onRevoke(row.original)}
          >
            <Trash2 aria-hidden className="size-3.5" />
          </Button>
        ),
    },
  ];
}
