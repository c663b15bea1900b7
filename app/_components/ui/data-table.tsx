"use client";

import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type RowData,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { classNames } from "./class-names.ts";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData extends RowData, TValue> {
    align?: "right";
  }
}

export interface DataTableProps<Row> {
  /** What the table lists, for a screen reader; it is read as "label, table". */
  label: string;
  rows: readonly Row[];
  columns: readonly ColumnDef<Row, never>[];
  rowId: (row: Row) => string;
  /** Height of the scrolling body in pixels; only the rows in sight are in the page. */
  height?: number;
  /** Called when the end comes near: fetch the next page. */
  onEndReached?: () => void;
  /** Opens a row by click and by Enter. */
  onRowOpen?: (row: Row) => void;
  minWidth?: number;
}

const ROW_PX = 40;
/** What a column without a width of its own gets at the least; on a phone the table scrolls sideways for it. */
const SHARING_COLUMN_PX = 140;

/** A sortable table that stays quick with 100,000 rows. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rows, columns, rowId, height = 480, onEndReached, onRowOpen, minWidth = 560 } = props;
  const [sorting, setSorting] = useState<SortingState>([]);
  const scroller = useRef<HTMLElement>(null);
  const table = useReactTable({
    data: rows as Row[],
    columns: columns as ColumnDef<Row, never>[],
    state: { sorting },
    onSortingChange: setSorting,
    // A column without a width shares what is left.
    defaultColumn: { size: 0 },
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const sorted = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    initialRect: { width: 800, height },
    onChange: (instance) => {
      const last = instance.getVirtualItems().at(-1);
      if (last && last.index >= sorted.length - 5) onEndReached?.();
    },
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const bodyHeight = Math.min(height, (sorted.length + 1) * ROW_PX + 2);
  return (
    <section
      ref={scroller}
      className="overflow-auto"
      style={{ height: bodyHeight }}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={`${label}, table`}
    >
      <table
        className="w-full table-fixed border-collapse text-13"
        style={{ minWidth: Math.max(minWidth, leastWidth(columns)) }}
        aria-rowcount={sorted.length + 1}
      >
        <thead className="sticky top-0 z-10 bg-surface-1">
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => (
                <HeaderCell
                  key={header.id}
                  width={header.column.columnDef.size}
                  alignRight={header.column.columnDef.meta?.align === "right"}
                  sorted={header.column.getIsSorted()}
                  onSort={header.column.getCanSort() ? header.column.getToggleSortingHandler() : undefined}
                >
                  {flexRender(header.column.columnDef.header, header.getContext())}
                </HeaderCell>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {before > 0 ? <SpacerRow height={before} /> : null}
          {items.map((item) => {
            const row = sorted[item.index];
            if (!row) return null;
            return (
              <tr
                key={row.id}
                aria-rowindex={item.index + 2}
                tabIndex={onRowOpen ? 0 : undefined}
                onClick={onRowOpen ? () => onRowOpen(row.original) : undefined}
                onKeyDown={onRowOpen ? (event) => openByEnter(event, () => onRowOpen(row.original)) : undefined}
                className={classNames("h-10 border-line border-t", onRowOpen && "cursor-pointer hover:bg-surface-2")}
              >
                {row.getVisibleCells().map((cell) => (
                  <td
                    key={cell.id}
                    className={classNames(
                      "truncate px-4",
                      cell.column.columnDef.meta?.align === "right" && "text-right",
                    )}
                  >
                    {flexRender(cell.column.columnDef.cell, cell.getContext())}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 ? <SpacerRow height={after} /> : null}
        </tbody>
      </table>
    </section>
  );
}

function leastWidth<Row>(columns: readonly ColumnDef<Row, never>[]): number {
  return columns.reduce((sum, { size }) => sum + (size ?? SHARING_COLUMN_PX), 0);
}

/** The press must end here: what opens takes the focus at once, and its first button would take the same press as its own. */
function openByEnter(event: KeyboardEvent, open: () => void): void {
  if (event.key !== "Enter" || event.target !== event.currentTarget) return;
  event.preventDefault();
  open();
}

function SpacerRow({ height }: { height: number }) {
  return (
    <tr aria-hidden>
      <td style={{ height }} />
    </tr>
  );
}

function HeaderCell(props: {
  children: React.ReactNode;
  width: number | undefined;
  alignRight: boolean;
  sorted: false | "asc" | "desc";
  onSort: ((event: unknown) => void) | undefined;
}) {
  const Icon = props.sorted === "asc" ? ArrowUp : props.sorted === "desc" ? ArrowDown : ChevronsUpDown;
  const ariaSort = props.sorted === "asc" ? "ascending" : props.sorted === "desc" ? "descending" : undefined;
  const align = props.alignRight ? "justify-end text-right" : "text-left";
  return (
    <th
      scope="col"
      aria-sort={ariaSort}
      className={classNames("h-10 px-4 font-medium text-12 text-faint", align)}
      style={props.width ? { width: props.width } : {}}
    >
      {props.onSort ? (
        <button
          type="button"
          onClick={props.onSort}
          className={classNames("inline-flex items-center gap-1 hover:text-strong", align)}
        >
          {props.children}
          <Icon aria-hidden className="size-3" />
        </button>
      ) : (
        props.children
      )}
    </th>
  );
}
