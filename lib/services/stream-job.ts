import type { StreamJobView, StreamState } from "../contracts/streams.ts";
import type { StreamJobRow } from "../ports/stream-job-rows.ts";
import { AppError } from "../shared/errors.ts";
import { ByteQueue } from "../streaming/byte-queue.ts";
import { type ContentEncoding, decoderNeed, inflated } from "../streaming/inflate.ts";
import { interruptible } from "../streaming/interruptible.ts";
import type { LineLog } from "../streaming/line-log.ts";
import { releaseBytes } from "../streaming/release-bytes.ts";
import { StreamRun } from "../streaming/stream-run.ts";
import { receivedBody } from "./received-body.ts";
import { describeFailure, Stopped } from "./stream-failure.ts";
import { type Logged, recordTarget, type StreamJobParts, type StreamJobSpec, type Upload } from "./stream-job-parts.ts";
import { type Kept, nothingKept, placeOf, viewOf } from "./stream-job-state.ts";

const PROGRESS_MS = 500;
const OVER: readonly StreamState[] = ["completed", "cancelled"];

/** One stream: its states from the first byte to its end, over as many uploads as it takes. */
export class StreamJob {
  readonly id: string;
  readonly namespace: string;
  readonly createdAtMs: number;
  readonly rejects: LineLog;
  readonly results: LineLog;
  readonly #parts: StreamJobParts;
  #state: StreamState = "queued";
  #kept: Kept;
  #run: StreamRun | null = null;
  #abort = new AbortController();
  #active: Promise<void> | null = null;
  #activeSinceMs = 0;
  #heardAtMs = 0;

  constructor(id: string, namespace: string, createdAtMs: number, spec: StreamJobSpec, parts: StreamJobParts) {
    this.id = id;
    this.namespace = namespace;
    this.createdAtMs = createdAtMs;
    this.rejects = parts.rejects;
    this.results = parts.results;
    this.#parts = parts;
    this.#kept = nothingKept(spec);
  }

  /**
   * A job from its row. What was under way in this node's last process is interrupted now; another node's may still be.
   */
  static restore(row: StreamJobRow, parts: (logged: Logged) => StreamJobParts, ours: boolean): StreamJob {
    const kept: Kept = JSON.parse(row.payload);
    const state = row.state as StreamState;
    const cutShort = ours && (state === "running" || state === "queued");
    if (cutShort) kept.shown = kept.checkpoint;
    // The logs can be read even past the checkpoint; only an upload that resumes from there truncates them.
    const own = parts(kept.shown);
    const job = new StreamJob(row.id, row.namespace, row.createdAtMs, kept.spec, own);
    job.#kept = kept;
    job.#state = cutShort ? "interrupted" : state;
    if (cutShort) {
      kept.finishedAtMs ??= own.clock.nowMs();
      kept.error = {
        code: "server-stopped",
        message: "The server stopped while the stream was running.",
        line: null,
        offset: null,
      };
    }
    return job;
  }

  get state(): StreamState {
    return this.#state;
  }

  get active(): boolean {
    return this.#active !== null;
  }

  /** When the last bytes came, on the monotonic clock. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Memory that it holds. */
  get heldBytes(): number {
    return this.#run?.grantedBytes ?? 0;
  }

  /** Where a client goes on. */
  get uploadOffset(): number {
    if (this.#state === "completed") return this.#kept.bytesRead;
    return placeOf(this.#kept).offset;
  }

  get resumable(): boolean {
    return this.#kept.resumable && !OVER.includes(this.#state);
  }

  row(nodeId: string): StreamJobRow {
    const { id, namespace, createdAtMs } = this;
    const checkpoint = this.#run?.checkpoint ?? this.#kept.checkpoint;
    return {
      id,
      nodeId,
      namespace,
      state: this.#state,
      createdAtMs,
      payload: JSON.stringify({ ...this.#kept, checkpoint, activeMs: this.#activeMs() }),
    };
  }

  /** Time that its bytes took to come, over all uploads. */
  #activeMs(): number {
    return this.#kept.activeMs + (this.active ? this.#parts.clock.monotonicMs() - this.#activeSinceMs : 0);
  }

  view(): StreamJobView {
    return viewOf(this, this.#kept, { run: this.#run, activeMs: this.#activeMs() });
  }

  /**
   * Receives a body, from `uploadOffset`.
   *
   * @returns `received`: its last byte was read; `ended`: its records are stored. Both reject with the error.
   * @throws {AppError} `conflict` when an upload is in progress, or the job has ended.
   */
  upload(upload: Upload): { received: Promise<void>; ended: Promise<void> } {
    this.requireOpen();
    let markReceived: () => void = () => undefined;
    const received = new Promise<void>((resolve) => {
      markReceived = resolve;
    });
    this.#abort = new AbortController();
    const ended = this.#take(upload, markReceived).finally(() => {
      this.#active = null;
    });
    this.#active = ended.catch(() => undefined);
    const first = Promise.race([received, ended]);
    // A caller may wait for only one of the two.
    first.catch(() => undefined);
    return { received: first, ended };
  }

  /** @throws {AppError} `conflict` when an upload is in progress, or the job has ended. */
  requireOpen(): void {
    if (this.active) throw new AppError("conflict", "Another request is already sending data to this stream.");
    if (!this.resumable) throw new AppError("conflict", `The stream is ${this.#state}; it accepts no more data.`);
  }

  /** Another namespace needs what this one has beyond its share: the upload ends, and can be gone on with. */
  giveWay(): void {
    const message = "The stream was interrupted to make room for another namespace. Resume it from its Upload-Offset.";
    this.#abort.abort(new Stopped("interrupted", "gave-way", message, "overloaded"));
  }

  /** Ends the job within a second; whole batches that were kept stay. */
  async cancel(): Promise<void> {
    if (this.#state === "cancelled") return;
    if (!this.active && !this.resumable)
      throw new AppError("conflict", `The stream has already ended: it is ${this.#state}.`);
    this.#abort.abort(new Stopped("cancelled", "cancelled", "The stream was cancelled."));
    if (this.#active) await this.#active;
    // No upload was active, or the run ended for another reason just before.
    if (!OVER.includes(this.state)) await this.#end("cancelled", null, false);
  }

  /** The server is stopping: the job can go on with the next one. */
  async interrupt(): Promise<void> {
    this.#abort.abort(new Stopped("interrupted", "server-stopped", "The server stopped while the stream was running."));
    await this.#active;
  }

  async #take(upload: Upload, markReceived: () => void): Promise<void> {
    const { clock, host, budget, rejects, results, totals, openSink, changed } = this.#parts;
    const kept = this.#kept;
    // By the offset reported to the client; a body in a different encoding may start elsewhere.
    const { skip } = placeOf(kept);
    const stopTelling = clock.every(PROGRESS_MS, () => void changed(this, true).catch(() => undefined));
    let opened = false;
    try {
      await this.#begin(upload);
      const { encoding } = upload;
      const body = new ByteQueue(interruptible(this.#received(upload.body), this.#abort.signal));
      // It is in the first bytes of the body, so those are awaited before any memory is reserved.
      const decoderBytes = await decoderNeed(body, encoding);
      const sink = await openSink();
      const run = new StreamRun({
        spec: { ...kept.spec.parse, target: recordTarget(kept.spec.target) },
        host,
        budget,
        owner: this.namespace,
        sink,
        batchSize: kept.spec.batchSize,
        rejects,
        results,
        from: kept.checkpoint,
        signal: this.#abort.signal,
        totals,
      });
      await run.open(decoderBytes);
      opened = true;
      this.#run = run;
      // Not earlier: a refused upload must leave the logs past the checkpoint as they are.
      await rejects.rewind(kept.checkpoint.rejectBytes);
      await results.rewind(kept.checkpoint.resultBytes ?? 0);
      this.#state = "running";
      await changed(this, false);
      await this.#pump(run, body, encoding, skip);
      markReceived();
      await run.finish(upload.complete);
      await this.#end(upload.complete ? "completed" : "waiting", null, true);
    } catch (error) {
      await this.#run?.abandon();
      const failure = describeFailure(error, this.#abort.signal);
      await this.#end(failure.state, failure.error, failure.resumable);
      throw failure.thrown;
    } finally {
      stopTelling();
      // A decoder that waits for more data frees its memory now, not when the connection closes.
      this.#abort.abort(new Stopped("interrupted", "over", "The upload has ended."));
      if (opened) this.#run?.close();
      this.#run = null;
    }
  }

  async #begin({ encoding, bytesTotal }: Upload): Promise<void> {
    const kept = this.#kept;
    kept.bytesRead = this.uploadOffset;
    kept.encoded = encoding !== "identity";
    if (bytesTotal !== null) kept.bytesTotal = bytesTotal;
    kept.startedAtMs ??= this.#parts.clock.nowMs();
    kept.finishedAtMs = null;
    kept.error = null;
    this.#state = "queued";
    this.#activeSinceMs = this.#parts.clock.monotonicMs();
    this.#heardAtMs = this.#activeSinceMs;
    await this.#parts.changed(this, true);
  }

  #received(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const kept = this.#kept;
    const { clock } = this.#parts;
    return receivedBody(body, clock, {
      onBytes: (bytes) => {
        this.#heardAtMs = clock.monotonicMs();
        kept.bytesRead += bytes;
        kept.activeBytes += bytes;
      },
      onSilence: (reason) => this.#abort.abort(reason),
    });
  }

  /** Reads the body into the run. */
  async #pump(run: StreamRun, body: ByteQueue, encoding: ContentEncoding, passOver: number): Promise<void> {
    let skip = passOver;
    for await (const chunk of interruptible(
      inflated(body, encoding, (bytes) => run.admitDecoder(bytes)),
      run.stopped,
    )) {
      if (chunk.length <= skip) skip -= chunk.length;
      else {
        await run.write(chunk.subarray(skip));
        skip = 0;
      }
      // The slots have a copy; a decoder's chunks are its own.
      if (encoding === "identity") releaseBytes(chunk);
    }
  }

  async #end(state: StreamState, error: StreamJobView["error"], resumable: boolean): Promise<void> {
    const { clock, changed } = this.#parts;
    const kept = this.#kept;
    if (this.#run) {
      kept.checkpoint = this.#run.checkpoint;
      kept.shown = { ...this.#run.figures };
      kept.peakBufferedBytes = Math.max(kept.peakBufferedBytes, this.#run.peakBufferedBytes);
    }
    if (this.active) kept.activeMs += clock.monotonicMs() - this.#activeSinceMs;
    this.#activeSinceMs = clock.monotonicMs();
    kept.finishedAtMs = clock.nowMs();
    kept.resumable = resumable;
    kept.error = error;
    this.#state = state;
    await changed(this, true);
  }
}
