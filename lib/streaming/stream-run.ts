import type { RecordSink } from "../ports/stream-sink.ts";
import { BASE_BYTES, type ByteBudget, LARGE_RECORD_BYTES } from "./byte-budget.ts";
import type { ParseSpec } from "./job-spec.ts";
import { type ParseHost, type ParseLane, SLOT_BYTES, SLOTS } from "./parse-host.ts";
import type { Reject, StreamFault } from "./parsers/parser.ts";
import { excerptOfRecord, type SliceRecords, type SliceResult } from "./pipeline.ts";
import type { Lines, RunFigures, StreamResult, StreamTotals } from "./run-figures.ts";

/** An unfinished record over this needs the large grant before more of it is read. */
const LARGE_FROM_BYTES = 1024 * 1024;

/** The shape of the whole stream is broken: what was kept stays, and sending on is of no use. */
export class StreamFaultError extends Error {
  override readonly name = "StreamFaultError";
  readonly fault: StreamFault;

  constructor(fault: StreamFault) {
    super(fault.message);
    this.fault = fault;
  }
}

export class NoMemoryError extends Error {
  override readonly name = "NoMemoryError";
}

export interface StreamRunOptions {
  spec: ParseSpec;
  host: ParseHost;
  budget: ByteBudget;
  /** In whose name memory is taken. */
  owner: string;
  /** null: records are checked and counted. */
  sink: RecordSink | null;
  batchSize: number;
  rejects: Lines;
  results: Lines;
  /** Goes on from here. */
  from: RunFigures;
  signal: AbortSignal;
  totals: StreamTotals;
}

/**
 * One pass of bytes through a lane into a sink. Bytes wait in the lane's slots, so at most SLOTS × SLOT_BYTES are read ahead of
 * the sink, and the reader waits for a slot: that is the backpressure. Slices are parsed while earlier ones are written, and
 * kept in order; nothing is written after the signal but the batch under way.
 */
export class StreamRun {
  readonly figures: RunFigures;
  /** The figures at the end of the last slice that was kept in whole. */
  checkpoint: RunFigures;
  peakBufferedBytes = 0;
  readonly #options: StreamRunOptions;
  readonly #stop = new AbortController();
  #lane: ParseLane | null = null;
  #slot = 0;
  #filled = 0;
  #slicesOut = 0;
  #bytesOut = 0;
  #heldBytes = 0;
  #largeGranted = false;
  #grantedBytes = 0;
  #wake: () => void = () => undefined;
  #kept: Promise<void> = Promise.resolve();

  constructor(options: StreamRunOptions) {
    this.#options = options;
    this.figures = { ...options.from };
    this.checkpoint = { ...options.from };
  }

  /** Taken from the budget. */
  get grantedBytes(): number {
    return this.#grantedBytes + (this.#largeGranted ? LARGE_RECORD_BYTES : 0);
  }

  get bufferedBytes(): number {
    return this.#bytesOut + this.#filled + this.#heldBytes;
  }

  /** Aborted when the run has failed or was told to stop: whoever reads the source should stop too. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Takes memory and opens the lane.
   * @param decoderBytes what inflating the body takes: at once with the rest, so that nobody waits for one while holding the other.
   * @throws {NoMemoryError} when there is none to be had.
   */
  async open(decoderBytes = 0): Promise<void> {
    const { budget, owner, signal, host, spec, sink, from } = this.#options;
    const bytes = BASE_BYTES + decoderBytes;
    const granted = await budget.reserve(bytes, signal, owner);
    if (granted && signal.aborted) budget.release(bytes, owner);
    signal.throwIfAborted();
    if (!granted) throw new NoMemoryError("not enough memory for another stream right now");
    this.#grantedBytes = bytes;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    try {
      this.#lane = host.open({ spec, from: from.state, keep: sink !== null });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * The next of several compressed streams in one body may have a larger window than the first.
   * @throws {NoMemoryError} when that is not to be had now: to wait for it while holding the rest could block all.
   */
  admitDecoder(decoderBytes: number): void {
    const more = BASE_BYTES + decoderBytes - this.#grantedBytes;
    if (more <= 0) return;
    const { budget, owner } = this.#options;
    if (!budget.takeNow(more, owner))
      throw new NoMemoryError("not enough memory for the next part of the body right now");
    this.#grantedBytes += more;
  }

  /** Takes bytes, waiting while the slots are full. */
  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      this.#stop.signal.throwIfAborted();
      if (this.#slicesOut === SLOTS) {
        await this.#slotFree();
        continue;
      }
      const part = rest.subarray(0, SLOT_BYTES - this.#filled);
      this.#openLane().slot(this.#slot).set(part, this.#filled);
      this.#filled += part.length;
      this.#notePeak();
      rest = rest.subarray(part.length);
      // While the parser is idle a part of a slot is worth sending; while it works, slots fill up.
      if (this.#filled === SLOT_BYTES || this.#slicesOut === 0) await this.#submit();
    }
  }

  /** What was written is parsed and kept. With `complete`, the input has ended. */
  async finish(complete: boolean): Promise<void> {
    if (this.#filled > 0) await this.#submit();
    await this.#kept;
    this.#stop.signal.throwIfAborted();
    if (complete) await this.#keep(await this.#openLane().end());
  }

  /** Waits for the batch under way, then frees everything. */
  async abandon(): Promise<void> {
    if (!this.#stop.signal.aborted) this.#stop.abort(new Error("abandoned"));
    await this.#kept.catch(() => undefined);
  }

  close(): void {
    const { budget, owner, signal } = this.#options;
    signal.removeEventListener("abort", this.#onAbort);
    this.#lane?.close();
    this.#lane = null;
    this.#heldBytes = 0;
    this.#filled = 0;
    this.#bytesOut = 0;
    budget.release(this.grantedBytes, owner);
    this.#grantedBytes = 0;
    this.#largeGranted = false;
  }

  readonly #onAbort = (): void => {
    this.#stop.abort(this.#options.signal.reason);
    this.#wake();
  };

  #openLane(): ParseLane {
    if (!this.#lane) throw new Error("the run is not open");
    return this.#lane;
  }

  #slotFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #submit(): Promise<void> {
    if (this.#heldBytes > LARGE_FROM_BYTES && !this.#largeGranted) await this.#grantLarge();
    const length = this.#filled;
    const answer = this.#openLane().slice(this.#slot, length);
    // Its failure is met where it is kept, in order.
    answer.catch(() => undefined);
    this.#slot = (this.#slot + 1) % SLOTS;
    this.#filled = 0;
    this.#slicesOut++;
    this.#bytesOut += length;
    this.#kept = this.#kept.then(() => this.#keepSlice(answer, length));
    this.#kept.catch((error: unknown) => {
      this.#stop.abort(error);
      this.#wake();
    });
  }

  /** A large record has begun: its memory comes first, or it is released. */
  async #grantLarge(): Promise<void> {
    await this.#kept;
    if (this.#heldBytes <= LARGE_FROM_BYTES) return;
    const { budget, owner } = this.#options;
    this.#largeGranted = await budget.reserve(LARGE_RECORD_BYTES, this.#stop.signal, owner);
    this.#stop.signal.throwIfAborted();
    if (!this.#largeGranted) {
      this.#openLane().dropRecord();
      this.#heldBytes = 0;
    }
  }

  async #keepSlice(answer: Promise<SliceResult>, length: number): Promise<void> {
    this.#stop.signal.throwIfAborted();
    await this.#keep(await answer);
    this.#slicesOut--;
    this.#bytesOut -= length;
    if (this.#largeGranted && this.#slicesOut === 0 && this.#heldBytes <= LARGE_FROM_BYTES) {
      this.#options.budget.release(LARGE_RECORD_BYTES, this.#options.owner);
      this.#largeGranted = false;
    }
    this.#wake();
  }

  async #keep(result: SliceResult): Promise<void> {
    this.#heldBytes = result.heldBytes;
    this.#notePeak();
    const { figures } = this;
    await this.#tellRejects(result.rejects);
    this.#reject(result.rejected);
    figures.filtered += result.filtered;
    figures.unlike = (figures.unlike ?? 0) + result.unlike;
    figures.empty = (figures.empty ?? 0) + result.empty;
    if (result.out) await this.#write(result.out);
    else this.#count(result.records);
    figures.state = result.state;
    // Behind its array a document can only go on from its start: the last place within it is the better one.
    if (result.state.offset > 0) this.checkpoint = { ...figures };
    if (result.fault) throw new StreamFaultError(result.fault);
  }

  async #write(out: SliceRecords): Promise<void> {
    const { sink, batchSize, rejects } = this.#options;
    if (!sink) return;
    const size = Math.min(batchSize, sink.maxBatch);
    for (let start = 0; start < out.records.length; start += size) {
      this.#stop.signal.throwIfAborted();
      const records = out.records.slice(start, start + size);
      const { ids, refusals } = await sink.write({ records, offsets: out.offsets.slice(start, start + size) });
      this.#count(records.length - refusals.length);
      this.#reject(refusals.length);
      await this.#tellResults(out, start, ids);
      if (refusals.length === 0 || rejects.full) continue;
      const described = refusals.map(({ index, code, message }): Reject => {
        const at = start + index;
        const [line, offset] = [out.lines[at] ?? 0, out.offsets[at] ?? 0];
        return { line, offset, code, message, excerpt: excerptOfRecord(out.records[at]) };
      });
      await this.#tellRejects(described);
    }
  }

  async #tellRejects(rejects: readonly Reject[]): Promise<void> {
    const log = this.#options.rejects;
    if (rejects.length === 0 || log.full) return;
    await log.append(rejects);
    this.figures.rejectBytes = log.bytes;
    if (log.full) this.#openLane().enoughRejects();
  }

  async #tellResults(out: SliceRecords, start: number, ids: readonly (string | null)[]): Promise<void> {
    const log = this.#options.results;
    if (log.full) return;
    const made: StreamResult[] = [];
    for (const [index, id] of ids.entries()) {
      const at = start + index;
      if (id !== null) made.push({ line: out.lines[at] ?? 0, offset: out.offsets[at] ?? 0, id });
    }
    await log.append(made);
    this.figures.resultBytes = log.bytes;
  }

  #count(records: number): void {
    this.figures.records += records;
    this.#options.totals.records += records;
  }

  #reject(records: number): void {
    this.figures.rejected += records;
    this.#options.totals.rejects += records;
  }

  #notePeak(): void {
    this.peakBufferedBytes = Math.max(this.peakBufferedBytes, this.bufferedBytes);
  }
}
