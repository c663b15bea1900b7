import type { FormerVerdict, LeakReport } from "../contracts/memory.ts";

export interface VerdictRow {
  namespace: string;
  /** The watched service's name; empty: this server. */
  source: string;
  atMs: number;
  report: LeakReport;
}

/** Changes of verdict kept, over all namespaces; beyond, the oldest of the namespace with most of them goes. */
export const MAX_VERDICTS = 1_000;

/** Changes of leak verdicts. */
export interface VerdictRows {
  /** Resolves once it is on disk. */
  insert(row: VerdictRow): Promise<void>;
  /** The last inserted first, with ids below `beforeId`. A later one has a greater id; no id is given out twice. */
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

/** The current verdict of each service that this node watches; all are read at once, since they are few. */
export interface StandingRows {
  /** In any order. */
  list(): Promise<ServiceStanding[]>;
  /** All in one transaction: these are the node's standings from then on. No service twice. Other nodes' rows stay. */
  replace(standings: readonly ServiceStanding[]): Promise<void>;
}
