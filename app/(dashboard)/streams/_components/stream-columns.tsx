import type { ColumnDef } from "@tanstack/react-table";
import type { StreamJobView, StreamState } from "../../../../lib/contracts/streams.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Badge, type Tone } from "../../../_components/ui/badge.tsx";
import { Meter } from "../../../_components/ui/meter.tsx";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";

const TONES: Record<StreamState, Tone> = {
  queued: "pending",
  running: "info",
  waiting: "pending",
  completed: "ok",
  failed: "crit",
  cancelled: "muted",
  interrupted: "warn",
};

export function StateBadge({ state }: { state: StreamState }) {
  return <Badge tone={TONES[state]}>{state}</Badge>;
}

export const count = (value: number): string => value.toLocaleString("en-US");

export function progressText({ bytesRead, bytesTotal }: StreamJobView): string {
  return bytesTotal === null ? formatBytes(bytesRead) : `${formatBytes(bytesRead)} of ${formatBytes(bytesTotal)}`;
}

export function Progress({ job }: { job: StreamJobView }) {
  const { bytesRead, bytesTotal, state } = job;
  const max = bytesTotal ?? bytesRead;
  const tone = state === "failed" ? "crit" : state === "completed" ? "ok" : "accent";
  return (
    <Meter
      label="Bytes received"
      value={bytesRead}
      max={Math.max(max, 1)}
      valueText={progressText(job)}
      tone={tone}
      size="sm"
    />
  );
}

const right = { align: "right" } as const;

export const STREAM_COLUMNS: ColumnDef<StreamJobView, never>[] = [
  { accessorKey: "state", header: "State", size: 130, cell: ({ row }) => <StateBadge state={row.original.state} /> },
  {
    accessorKey: "target",
    header: "Target",
    size: 150,
    cell: ({ row }) => (
      <span className="truncate text-strong">
        {row.original.target} <span className="text-faint">· {row.original.format}</span>
      </span>
    ),
  },
  {
    accessorKey: "bytesRead",
    header: "Received",
    size: 190,
    cell: ({ row }) => (
      <div className="flex w-full flex-col gap-1">
        <span className="tabular truncate text-12">{progressText(row.original)}</span>
        <Progress job={row.original} />
      </div>
    ),
  },
  { accessorKey: "records", header: "Records", size: 110, meta: right, cell: ({ row }) => count(row.original.records) },
  {
    accessorKey: "rejected",
    header: "Rejected",
    size: 100,
    meta: right,
    cell: ({ row }) => (
      <span className={row.original.rejected > 0 ? "text-warn" : ""}>{count(row.original.rejected)}</span>
    ),
  },
  {
    accessorKey: "bytesPerSecond",
    header: "Rate",
    size: 110,
    meta: right,
    cell: ({ row }) => `${formatBytes(row.original.bytesPerSecond)}/s`,
  },
  {
    accessorKey: "createdAt",
    header: "Started",
    size: 120,
    cell: ({ row }) => <RelativeTime atMs={Date.parse(row.original.createdAt)} />,
  },
];
