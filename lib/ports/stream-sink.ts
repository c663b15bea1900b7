import type { ProblemCode } from "../shared/errors.ts";

/** Records of a stream that are stored together, in order. */
export interface SinkBatch {
  readonly records: readonly unknown[];
  /** Offset of each record in the stream. With the job's id it names a record that has no id of its own. */
  readonly offsets: readonly number[];
}

/** A record that the sink refused; the others of its batch are stored. */
export interface SinkRefusal {
  /** Index in the batch. */
  index: number;
  /** The code that a request with only this record would get. */
  code: ProblemCode;
  message: string;
}

/** The outcome of a batch. */
export interface SinkOutcome {
  /** The id of each record in its store; null where the record was refused. */
  ids: readonly (string | null)[];
  refusals: readonly SinkRefusal[];
}

/**
 * The target of a stream's records. Writing the same records again has the same result, so a failed job may be sent
 * again.
 */
export interface RecordSink {
  /** Maximum number of records per `write`. */
  readonly maxBatch: number;
  /**
   * Resolves when the batch is as durable as the store makes its items.
   * @throws AppError when no record could be stored: `storage-full`, `memory-pressure`, `not-found`.
   */
  write(batch: SinkBatch): Promise<SinkOutcome>;
}
