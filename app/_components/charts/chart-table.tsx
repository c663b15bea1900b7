"use client";

import type { ColumnDef } from "@tanstack/react-table";
import { useMemo } from "react";
import { DataTable } from "../ui/data-table.tsx";
import type { ChartRow, Series } from "./series.ts";
import { formatFigure, type Unit } from "./units.ts";

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

/** The chart's data as rows, newest first; gaps are left out, since they have no figures. */
export function ChartTable(props: {
  label: string;
  rows: readonly ChartRow[];
  series: readonly Series[];
  unit: Unit;
  height: number;
}) {
  const { label, rows, series, unit, height } = props;
  const columns = useMemo<ColumnDef<ChartRow, never>[]>(
    () => [
      {
        id: "atMs",
        header: "Time",
        accessorFn: (row) => row.atMs,
        size: 180,
        cell: ({ row }) => MOMENT.format(row.original.atMs),
      },
      ...series.map<ColumnDef<ChartRow, never>>((one) => ({
        id: one.key,
        header: one.label,
        accessorFn: (row) => row[one.key],
        meta: { align: "right" },
        cell: ({ row }) => {
          const value = row.original[one.key];
          return typeof value === "number" ? formatFigure(value, unit) : "–";
        },
      })),
    ],
    [series, unit],
  );
  const filled = useMemo(
    () => rows.filter((row) => series.some((one) => typeof row[one.key] === "number")).reverse(),
    [rows, series],
  );
  return (
    <DataTable
      label={label}
      rows={filled}
      columns={columns}
      rowId={(row) => String(row.atMs)}
      height={height}
      minWidth={180 + series.length * 110}
    />
  );
}
