import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";

/** Hard pressure: from here on nothing that grows memory is taken. */
export const HARD_RATIO = 0.95;
/** Writes are taken again only 5 points lower, so that the gate does not flap. */
const OPEN_RATIO = 0.9;
/** How old a reading may be. RSS costs some microseconds, so four a second are nothing and one per write too many. */
const READING_MS = 250;
/** How much may be admitted on one reading. */
const READING_BYTES = 4 * MIB;
/** A body is held as bytes, as text or objects, and as what is stored, for a moment all at once. */
const BYTES_PER_BODY_BYTE = 3;

export interface MemoryGateOptions {
  clock: Clock;
  /** RSS of the process and its helpers, read now. */
  readUsedBytes(): number;
  limitBytes(): number;
  retryAfterSeconds(): number;
  /** Told of every reading: the optimizer's trigger must not wait 30 s for the next sample. */
  onReading(usedRatio: number): void;
  onChange(closed: boolean): void;
}

/**
 * The hard bound. Every write that grows memory asks here first; what it may come to is counted before it is allocated,
 * since between two readings a few large bodies could take the process past its limit.
 */
export class MemoryGate {
  readonly #options: MemoryGateOptions;
  #usedBytes = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #inFlightBytes = 0;
  /** Admitted since the reading and done with: perhaps held by a store by now, and not in the reading. */
  #settledBytes = 0;
  #closed = false;
  #refusals = 0;

  constructor(options: MemoryGateOptions) {
    this.#options = options;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Writes refused since the start. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Reads four times a second until the returned function is called. */
  start(): () => void {
    return this.#options.clock.every(READING_MS, () => this.read());
  }

  /**
   * Admits a write of `bytes` (its body's length; 0 if unknown).
   *
   * @returns must be called when the write is over, well or not.
   * @throws {AppError} `memory-pressure` with `Retry-After` when it might not fit.
   */
  admit(bytes: number): () => void {
    const cost = bytes * BYTES_PER_BODY_BYTE;
    if (this.#isStale() || (!this.#closed && !this.#fits(cost))) this.read();
    if (this.#closed || !this.#fits(cost)) throw this.#refuse();
    this.#inFlightBytes += cost;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#inFlightBytes -= cost;
      this.#settledBytes += cost;
    };
  }

  /** Takes a reading and opens or closes the gate by it. */
  read(): void {
    const { clock, readUsedBytes, limitBytes, onReading, onChange } = this.#options;
    this.#usedBytes = readUsedBytes();
    this.#readAtMs = clock.monotonicMs();
    this.#settledBytes = 0;
    const ratio = this.#usedBytes / limitBytes();
    const closed = ratio >= (this.#closed ? OPEN_RATIO : HARD_RATIO);
    if (closed !== this.#closed) {
      this.#closed = closed;
      onChange(closed);
    }
    onReading(ratio);
  }

  #isStale(): boolean {
    const ageMs = this.#options.clock.monotonicMs() - this.#readAtMs;
    return ageMs >= READING_MS || this.#settledBytes + this.#inFlightBytes >= READING_BYTES;
  }

  #fits(cost: number): boolean {
    const expected = this.#usedBytes + this.#settledBytes + this.#inFlightBytes + cost;
    return expected < HARD_RATIO * this.#options.limitBytes();
  }

  #refuse(): AppError {
    this.#refusals += 1;
    const seconds = Math.max(1, Math.ceil(this.#options.retryAfterSeconds()));
    return new AppError(
      "memory-pressure",
      "The process is at its memory limit. Reads still work; retry writes later.",
      {
        retryAfterSeconds: seconds,
      },
    );
  }
}
