import type { StreamFormatName, StreamJobView, StreamState } from "../contracts/streams.ts";
import type { RunFigures } from "../streaming/run-figures.ts";
import type { StreamRun } from "../streaming/stream-run.ts";
import type { StreamJobSpec } from "./stream-job-parts.ts";

const NOTHING_YET: RunFigures = { state: null, records: 0, filtered: 0, rejected: 0, rejectBytes: 0 };

/** What a job's row keeps beside its state. */
export interface Kept {
  spec: StreamJobSpec;
  checkpoint: RunFigures;
  /** What was kept when it last ended: a part of a slice may be beyond the checkpoint. */
  shown: Pick<
    RunFigures,
    "records" | "filtered" | "unlike" | "empty" | "rejected" | "rejectBytes" | "resultBytes" | "state"
  >;
  encoded: boolean;
  bytesRead: number;
  bytesTotal: number | null;
  peakBufferedBytes: number;
  activeMs: number;
  activeBytes: number;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  resumable: boolean;
  error: StreamJobView["error"];
}

export const nothingKept = (spec: StreamJobSpec): Kept => ({
  spec,
  checkpoint: NOTHING_YET,
  shown: NOTHING_YET,
  encoded: false,
  bytesRead: 0,
  bytesTotal: null,
  peakBufferedBytes: 0,
  activeMs: 0,
  activeBytes: 0,
  startedAtMs: null,
  finishedAtMs: null,
  resumable: true,
  error: null,
});

/**
 * Offset at which a client resumes a body, and how much of the decoded stream is skipped from there. A compressed body
 * cannot be resumed and is sent again. So is text that is not UTF-8; its parser skips it, since it knows where
 * characters begin.
 */
export function placeOf({ checkpoint, encoded }: Kept): { offset: number; skip: number } {
  const { offset = 0, extra = {} } = checkpoint.state ?? {};
  if ((extra.encoding ?? "utf-8") !== "utf-8") return { offset: 0, skip: 0 };
  return encoded ? { offset: 0, skip: offset } : { offset, skip: 0 };
}

const isText = (format: StreamFormatName): boolean => !["fvecs", "bvecs", "f32"].includes(format);

interface Job {
  id: string;
  namespace: string;
  state: StreamState;
  createdAtMs: number;
  uploadOffset: number;
  resumable: boolean;
}

/** The job as clients see it. */
export function viewOf(
  job: Job,
  kept: Kept,
  { run, activeMs }: { run: StreamRun | null; activeMs: number },
): StreamJobView {
  const { spec, bytesRead, bytesTotal, startedAtMs, finishedAtMs, error } = kept;
  const { records, filtered, unlike = 0, empty = 0, rejected, state } = run?.figures ?? kept.shown;
  const found = state?.extra;
  return {
    id: job.id,
    namespace: job.namespace,
    state: job.state,
    target: spec.target,
    format: spec.format,
    encoding: found && isText(spec.format) ? (found.encoding ?? "utf-8") : null,
    delimiter: found?.delimiter ?? null,
    bytesRead,
    bytesTotal,
    records,
    filtered,
    comparedUnlike: unlike,
    selectedNothing: empty,
    rejected,
    bytesPerSecond: activeMs > 0 ? Math.round((kept.activeBytes / activeMs) * 1000) : 0,
    bufferedBytes: run?.bufferedBytes ?? 0,
    peakBufferedBytes: Math.max(kept.peakBufferedBytes, run?.peakBufferedBytes ?? 0),
    uploadOffset: job.uploadOffset,
    resumable: job.resumable,
    error,
    createdAt: new Date(job.createdAtMs).toISOString(),
    startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString(),
    finishedAt: finishedAtMs === null ? null : new Date(finishedAtMs).toISOString(),
  };
}
