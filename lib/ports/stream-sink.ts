import type { ProblemCode } from "../shared/errors.ts";

/** Records of a stream that are to be kept together, in their order. */
export interface SinkBatch {
  readonly records: readonly unknown[];
  /** Where each record began in the stream: with the job's id it names a record that has no id of its own. */
  readonly offsets: readonly number[];
}

/** A record that the sink would not take: the others of its batch are kept. */
export interface SinkRefusal {
  /** Index in the batch. */
  index: number;
  /** That of the answer to a request with this record alone. */
  code: ProblemCode;
  message: string;
}

/** What became of a batch. */
export interface SinkOutcome {
  /** Of each record, what its store knows it by; null where it was refused. */
  ids: readonly (string | null)[];
  refusals: readonly SinkRefusal[];
}

/**
 * Where a stream's records go. Writing the same records again leaves the same result: a job that failed may be sent again.
 */
export interface RecordSink {
  /** Most records that one `write` takes. */
  readonly maxBatch: number;
  /**
   * Resolves when the batch is kept as durably as the store keeps anything.
   * @throws AppError when none of it could be kept: `storage-full`, `memory-pressure`, `not-found`.
   */
  write(batch: SinkBatch): Promise<SinkOutcome>;
}
