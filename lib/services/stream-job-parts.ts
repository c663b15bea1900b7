import type { StreamFormatName, StreamJobView } from "../contracts/streams.ts";
import type { StreamJobRow } from "../ports/stream-job-rows.ts";
import type { RecordSink } from "../ports/stream-sink.ts";
import type { Clock } from "../shared/clock.ts";
import type { ByteBudget } from "../streaming/byte-budget.ts";
import type { ContentEncoding } from "../streaming/inflate.ts";
import type { ParseSpec } from "../streaming/job-spec.ts";
import type { LineLog } from "../streaming/line-log.ts";
import type { ParseHost } from "../streaming/parse-host.ts";
import type { RecordTarget } from "../streaming/record-numbers.ts";
import type { RunFigures, StreamTotals } from "../streaming/run-figures.ts";

/** What a job is; it never changes. Kept with the job, so that another process can go on. */
export interface StreamJobSpec {
  target: string;
  format: StreamFormatName;
  parse: ParseSpec;
  batchSize: number;
  /** The field whose text is embedded, for records that bring no vector. */
  embed?: string;
}

/** The kind of store that a target names, as in `vectors:NAME`. */
export const recordTarget = (target: string): RecordTarget => (target.split(":", 1)[0] ?? "none") as RecordTarget;

/** How much of a job's logs counts. */
export type Logged = Pick<RunFigures, "rejectBytes" | "resultBytes">;

/** A job as far as what follows its changes looks at it. */
export interface ChangedJob {
  view(): StreamJobView;
  row(nodeId: string): StreamJobRow;
}

export interface StreamJobParts {
  host: ParseHost;
  budget: ByteBudget;
  clock: Clock;
  rejects: LineLog;
  /** Ids of the records that were kept. */
  results: LineLog;
  totals: StreamTotals;
  openSink: () => Promise<RecordSink | null>;
  /** Something worth telling has changed; `kept` resolves when it is on disk. */
  changed: (job: ChangedJob, durably: boolean) => Promise<void>;
}

export interface Upload {
  body: AsyncIterable<Uint8Array>;
  encoding: ContentEncoding;
  /** Nothing more is to come after this body. */
  complete: boolean;
  /** Bytes of the whole stream, where the client says. */
  bytesTotal: number | null;
}
