import type { FormerVerdict, LeakReport } from "../contracts/memory.ts";

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

/** What is kept of a watched process over a restart of this server. */
export interface ProcessStanding {
  bootId: string | null;
  verdict: FormerVerdict;
  firstSeenMs: number;
  lastSeenMs: number;
  sampleMs: number | null;
  rssBytes: number;
  heapUsedBytes: number;
}

export interface ServiceStanding {
  namespace: string;
  /** The watched service's name; empty: this server. */
  source: string;
  processes: ProcessStanding[];
}

/** The verdict that stands on each watched service: all of them at once, since they are few. */
export interface StandingRows {
  list(): Promise<ServiceStanding[]>;
  replace(standings: readonly ServiceStanding[]): Promise<void>;
}
