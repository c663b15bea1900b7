import type { LeakReport } from "../contracts/memory.ts";

export interface VerdictRow {
  namespace: string;
  /** The watched service's name; empty: this server. */
  source: string;
  atMs: number;
  report: LeakReport;
}

/** Changes of leak verdicts, newest first; bounded by whoever stores them. */
export interface VerdictRows {
  insert(row: VerdictRow): Promise<void>;
  list(namespace: string, limit: number, beforeId: number | null): Promise<(VerdictRow & { id: number })[]>;
}
