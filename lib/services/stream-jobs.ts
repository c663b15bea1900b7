import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { StreamJobView, StreamState } from "../contracts/streams.ts";
import type { StreamJobRow, StreamJobRows } from "../ports/stream-job-rows.ts";
import type { RecordSink } from "../ports/stream-sink.ts";
import type { Clock } from "../shared/clock.ts";
import { AppError } from "../shared/errors.ts";
import { countByNamespace, greediest } from "../shared/fair-shares.ts";
import type { ByteBudget } from "../streaming/byte-budget.ts";
import { LineLog } from "../streaming/line-log.ts";
import { LogFolder } from "../streaming/log-folder.ts";
import type { ParseHost } from "../streaming/parse-host.ts";
import type { StreamTotals } from "../streaming/run-figures.ts";
import { StreamJob } from "./stream-job.ts";
import type { Logged, StreamJobParts, StreamJobSpec, Upload } from "./stream-job-parts.ts";

/** Streams that may be open at once, running or waiting for memory. */
export const MAX_OPEN_STREAMS = 64;
const SAVE_AGAIN_MS = 5_000;

/** Opens the store that a job's records go to; null for none. @throws {AppError} when there is no such store. */
export type SinkOpener = (spec: StreamJobSpec, namespace: string, jobId: string) => Promise<RecordSink | null>;

export interface StreamJobsOptions {
  rows: StreamJobRows;
  host: ParseHost;
  budget: ByteBudget;
  clock: Clock;
  nodeId: string;
  /** Folder of the logs of rejects and results. */
  directory: string;
  /** What they may take on disk together; 1 GiB unless said. */
  maxLogBytes?: number;
  openSink: SinkOpener;
  progress: (job: StreamJobView) => void;
}

/** One of the places that all namespaces share; without a job while that is being made. */
interface Place {
  readonly namespace: string;
  job: StreamJob | null;
}

/** All streams of this process, and those it can go on with. */
export class StreamJobs {
  /** What all streams of this process brought, for /metrics. */
  readonly totals: StreamTotals = { records: 0, rejects: 0 };
  readonly #options: StreamJobsOptions;
  readonly #logs: LogFolder;
  /** Jobs that a client is sending, or whose end is not written yet; the rest are rows. */
  readonly #live = new Map<string, StreamJob>();
  readonly #places = new Set<Place>();

  constructor(options: StreamJobsOptions) {
    this.#options = options;
    this.#logs = new LogFolder(options.directory, options.maxLogBytes);
    mkdirSync(options.directory, { recursive: true });
  }

  /** Marks what the last process left under way as interrupted, and removes files that belong to no job. */
  async recover(): Promise<void> {
    const { rows, nodeId } = this.#options;
    const left = await rows.inStates(nodeId, ["queued", "running"]);
    for (const row of left) await rows.save(this.#restore(row).row(nodeId));
    const known = await rows.inStates(nodeId, ["waiting", "completed", "failed", "cancelled", "interrupted"]);
    await this.#logs.keepOnly(new Set(known.flatMap(({ id }) => logNames(id))));
  }

  /** Places taken; never more than MAX_OPEN_STREAMS. */
  get open(): number {
    return this.#places.size;
  }

  /**
   * Creates a job and sends the body to it. Its slot is taken before anything is written, so that a refused request
   * leaves nothing behind.
   * @throws {AppError} `overloaded`; what the sink's opener throws.
   */
  async start(
    namespace: string,
    spec: StreamJobSpec,
    upload: Upload,
  ): Promise<{ job: StreamJob; under: ReturnType<StreamJob["upload"]> }> {
    const place = this.#take(namespace);
    try {
      const job = await this.create(namespace, spec);
      return { job, under: this.upload(job, upload, place) };
    } catch (error) {
      this.#places.delete(place);
      throw error;
    }
  }

  /** A job that nobody sends yet. @throws {AppError} what the sink's opener throws. */
  async create(namespace: string, spec: StreamJobSpec): Promise<StreamJob> {
    const { clock, nodeId, rows, openSink } = this.#options;
    const id = randomUUID();
    // A missing target is refused before any byte is read.
    await openSink(spec, namespace, id);
    const job = new StreamJob(
      id,
      namespace,
      clock.nowMs(),
      spec,
      this.#partsFor(id, namespace, spec)({ rejectBytes: 0 }),
    );
    await this.#forget(await rows.save(job.row(nodeId)));
    return job;
  }

  /** @throws {AppError} `not-found`, for another namespace's job too. */
  async find(namespace: string, id: string): Promise<StreamJob> {
    const live = this.#live.get(id);
    if (live?.namespace === namespace) return live;
    const row = live ? null : await this.#options.rows.find(namespace, id);
    if (!row) throw new AppError("not-found", "No stream has this id.");
    // Another lookup may have restored it meanwhile; two objects of one job would not see each other's uploads.
    return this.#live.get(id) ?? this.#restore(row);
  }

  /**
   * Sends a body to the job. Until it ends, all lookups return this object.
   * @throws {AppError} `conflict`; `overloaded` when all slots are taken and the namespace has used its share.
   */
  upload(job: StreamJob, upload: Upload, reserved?: Place): ReturnType<StreamJob["upload"]> {
    const live = this.#live.get(job.id);
    if (live && live !== job) throw new AppError("conflict", "Another request is already sending data to this stream.");
    job.requireOpen();
    const place = reserved ?? this.#take(job.namespace);
    place.job = job;
    const under = job.upload(upload);
    this.#live.set(job.id, job);
    const leave = () => {
      this.#places.delete(place);
      this.#settle(job);
    };
    under.ended.then(leave, leave);
    return under;
  }

  /** `namespace` waits for memory: who holds more of it than its share gives some, the longest silent streams first. */
  makeRoom(namespace: string, bytes: number): void {
    const held = new Map(this.#options.budget.heldByOwner);
    for (let needed = bytes; needed > 0; ) {
      const giver = greediest(held, namespace, bytes);
      const freed = giver === null ? 0 : this.#giveWay(giver);
      if (giver === null) return;
      // What it holds may be exports, which end by themselves: then the next one gives.
      if (freed === 0) held.delete(giver);
      else held.set(giver, (held.get(giver) ?? 0) - freed);
      needed -= freed;
    }
  }

  /** @throws {AppError} `overloaded`. */
  #take(namespace: string): Place {
    if (this.#places.size >= MAX_OPEN_STREAMS) {
      const giver = greediest(countByNamespace(this.#places), namespace);
      if (giver !== null) this.#giveWay(giver);
      if (this.#places.size >= MAX_OPEN_STREAMS) throw tooMany();
    }
    const place: Place = { namespace, job: null };
    this.#places.add(place);
    return place;
  }

  /**
   * The namespace's longest silent stream ends. @returns what memory it held, and 1 where it had a place alone; 0 if
   * there is none.
   */
  #giveWay(namespace: string): number {
    let longest: Place | null = null;
    for (const place of this.#places) {
      if (place.namespace !== namespace || place.job === null) continue;
      if (longest?.job && longest.job.heardAtMs <= place.job.heardAtMs) continue;
      longest = place;
    }
    if (!longest?.job) return 0;
    this.#places.delete(longest);
    const { heldBytes } = longest.job;
    longest.job.giveWay();
    return Math.max(1, heldBytes);
  }

  /**
   * Cancels the job: until that is written everyone finds this very object, so that nobody begins to send it meanwhile.
   * @throws {AppError} `conflict`.
   */
  async cancel(job: StreamJob): Promise<void> {
    const live = this.#live.get(job.id) ?? job;
    this.#live.set(job.id, live);
    try {
      await live.cancel();
    } finally {
      this.#settle(live);
    }
  }

  /** Writes the job's end, if it could not be written when it came: until then the job stays here. */
  #settle(job: StreamJob): void {
    const { rows, nodeId, clock } = this.#options;
    rows.save(job.row(nodeId)).then(
      () => {
        if (job.active) return;
        this.#live.delete(job.id);
        // A failure to make room does not fail the job, which is already stored; the next job tries again.
        this.#logs.add(job.rejects.bytes + job.results.bytes, (name) => this.#isLogInUse(name)).catch(() => undefined);
      },
      () => void clock.after(SAVE_AGAIN_MS, () => job.active || this.#settle(job)),
    );
  }

  #isLogInUse(log: string): boolean {
    for (const id of this.#live.keys()) if (logNames(id).includes(log)) return true;
    return false;
  }

  /** Newest first. */
  async list(
    namespace: string,
    options: { limit: number; before: { createdAtMs: number; id: string } | null; state: StreamState | null },
  ): Promise<StreamJobView[]> {
    const rows = await this.#options.rows.list(namespace, options);
    return rows.map((row) => (this.#live.get(row.id) ?? this.#restore(row)).view());
  }

  /** Interrupts all streams; they can go on with the next process. */
  async close(): Promise<void> {
    await Promise.all([...this.#live.values()].map((job) => job.interrupt()));
  }

  #restore(row: StreamJobRow): StreamJob {
    const { spec }: { spec: StreamJobSpec } = JSON.parse(row.payload);
    return StreamJob.restore(row, this.#partsFor(row.id, row.namespace, spec), row.nodeId === this.#options.nodeId);
  }

  #partsFor(id: string, namespace: string, spec: StreamJobSpec): (logged: Logged) => StreamJobParts {
    const { host, budget, clock, directory, openSink, progress, rows, nodeId } = this.#options;
    const [rejects, results] = logNames(id);
    return ({ rejectBytes, resultBytes = 0 }) => ({
      host,
      budget,
      clock,
      totals: this.totals,
      rejects: new LineLog(path.join(directory, rejects), rejectBytes),
      results: new LineLog(path.join(directory, results), resultBytes),
      openSink: () => openSink(spec, namespace, id),
      changed: async (job, durably) => {
        progress(job.view());
        if (durably) await this.#forget(await rows.save(job.row(nodeId)));
      },
    });
  }

  async #forget(ids: readonly string[]): Promise<void> {
    await this.#logs.remove(ids.flatMap(logNames));
  }
}

/** Files of a job: its rejects, its results. */
const logNames = (id: string): [rejects: string, results: string] => [`${id}.ndjson`, `${id}.results.ndjson`];

function tooMany(): AppError {
  return new AppError("overloaded", `The maximum of ${MAX_OPEN_STREAMS} open streams is reached. Retry later.`, {
    retryAfterSeconds: 5,
  });
}
