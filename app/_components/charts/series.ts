import type { Component } from "../../../lib/contracts/memory.ts";

/** Bottom of the stack first: what is always there lies lowest, what moves lies on top where it shows. */
export const COMPONENT_ORDER: readonly Component[] = [
  "runtime",
  "sessions",
  "cache",
  "vectors",
  "rag",
  "embeddings",
  "streams",
  "unattributed",
];

export const COMPONENT_NAMES: Record<Component, string> = {
  runtime: "Runtime",
  sessions: "Sessions",
  cache: "Cache",
  vectors: "Vectors",
  rag: "RAG",
  embeddings: "Embeddings",
  streams: "Streams",
  unattributed: "Unattributed",
};

export function componentColour(component: Component): string {
  return `var(--series-${component})`;
}

export interface Series {
  /** The key in each row of the data. */
  key: string;
  label: string;
  /** A series token, or another token for what is no component. */
  colour: string;
  kind: "area" | "line" | "bar";
  /** Series of one stack lie on one another. */
  stack?: string;
  /** Drawn with diagonal lines: what nobody claims. */
  hatched?: boolean;
  dashed?: boolean;
}

/** A row of a time chart: `atMs` and a figure per series key; `null` is a gap. */
export interface ChartRow {
  atMs: number;
  [key: string]: number | null;
}

/** The times of rows that have this figure while neither neighbour has. */
export function lonelyRows(rows: readonly ChartRow[], key: string): ReadonlySet<number> {
  const has = (row: ChartRow | undefined) => typeof row?.[key] === "number";
  return new Set(rows.flatMap((row, at) => (has(row) && !has(rows[at - 1]) && !has(rows[at + 1]) ? [row.atMs] : [])));
}

/** The last row with a figure of these series: a gap at the end has none, and neither has a forecast. */
export function newestRow(rows: readonly ChartRow[], series: readonly Series[]): ChartRow | undefined {
  return rows.findLast((row) => series.some(({ key }) => typeof row[key] === "number"));
}

export interface Threshold {
  value: number;
  label: string;
  tone: "limit" | "warn" | "crit" | "goal";
}

/** Something that happened, on the lane under the axis. */
export interface Mark {
  atMs: number;
  kind: "optimization" | "settings" | "restart" | "eviction" | "alert";
  label: string;
  href?: string;
}
