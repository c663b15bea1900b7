import type { FormerVerdict, LeakReport } from "../contracts/memory.ts";

export interface VerdictRow {
  namespace: string;
  /** The watched service's name; empty: this server. */
  source: string;
  atMs: number;
  report: LeakReport;
}

/** Changes of leak verdicts, newest first. The driver bounds their number. */
export interface VerdictRows {
  insert(row: VerdictRow): Promise<void>;
  list(namespace: string, limit: number, beforeId: number | null): Promise<(VerdictRow & { id: number })[]>;
}

/** The part of a watched process that survives a restart of this server. */
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

/** The current verdict of each watched service; all are read at once, since they are few. */
export interface StandingRows {
  list(): Promise<ServiceStanding[]>;
  replace(standings: readonly ServiceStanding[]): Promise<void>;
}
