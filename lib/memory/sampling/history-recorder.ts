import type { MemorySample } from "../../contracts/memory.ts";
import type { SampleLog } from "../../ports/sample-log.ts";
import type { Clock } from "../../shared/clock.ts";

/** Samples held back at most this long, and at most this many, before they go to the database together. */
const FLUSH_MS = 5_000;
const FLUSH_AT = 10;
/** While the database refuses, this many wait; then the oldest goes. */
const MAX_WAITING = 500;
/** Rows are trimmed after this many new ones, and every five minutes. */
const TRIM_AFTER = 500;
const TRIM_MS = 300_000;

/** Writes samples to the history in batches, and keeps it within its bounds. */
export class HistoryRecorder {
  readonly #log: SampleLog;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #stops: (() => void)[] = [];
  #waiting: MemorySample[] = [];
  #writing: Promise<void> = Promise.resolve();
  #sinceTrim = 0;
  #droppedSamples = 0;

  constructor(log: SampleLog, clock: Clock, onError: (error: unknown) => void) {
    this.#log = log;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Samples given up because the database refused them for too long. */
  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  get waitingSamples(): number {
    return this.#waiting.length;
  }

  start(): void {
    this.#stops.push(
      this.#clock.every(FLUSH_MS, () => void this.flush()),
      this.#clock.every(TRIM_MS, () => this.#enqueue(() => this.#trim())),
    );
  }

  record(sample: MemorySample): void {
    this.#waiting.push(sample);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#droppedSamples += 1;
    }
    if (this.#waiting.length % FLUSH_AT === 0) void this.flush();
  }

  /** Resolves when what was recorded before is on disk, or was refused. */
  flush(): Promise<void> {
    return this.#enqueue(async () => {
      const batch = this.#waiting;
      if (batch.length === 0) return;
      this.#waiting = [];
      try {
        await this.#log.append(batch);
      } catch (error) {
        const back = [...batch, ...this.#waiting];
        this.#droppedSamples += Math.max(0, back.length - MAX_WAITING);
        this.#waiting = back.slice(-MAX_WAITING);
        throw error;
      }
      this.#sinceTrim += batch.length;
      if (this.#sinceTrim >= TRIM_AFTER) await this.#trim();
    });
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    await this.flush();
  }

  async #trim(): Promise<void> {
    this.#sinceTrim = 0;
    while (await this.#log.trim(this.#clock.nowMs()));
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(work).catch(this.#onError);
    return this.#writing;
  }
}
