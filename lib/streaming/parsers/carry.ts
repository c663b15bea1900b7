import { MAX_RECORD_BYTES } from "./parser.ts";

const EXCERPT_BYTES = 512;

/**
 * The beginning of a record that its window did not finish. Holds at most `maxBytes`; of a longer record only its first bytes
 * are kept, for the excerpt, until `clear`.
 */
export class Carry {
  #parts: Buffer[] = [];
  #bytes = 0;
  #active = false;
  #tooLarge = false;
  readonly #maxBytes: number;

  constructor(maxBytes = MAX_RECORD_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** A record has begun and not ended, even if none of its bytes are kept. */
  get active(): boolean {
    return this.#active;
  }

  get tooLarge(): boolean {
    return this.#tooLarge;
  }

  get heldBytes(): number {
    return this.#tooLarge ? 0 : this.#bytes;
  }

  /** All bytes of the record so far, kept or not. */
  get seenBytes(): number {
    return this.#bytes;
  }

  /** Copies `bytes`: the window that they lie in is about to be overwritten. */
  append(bytes: Uint8Array): void {
    this.#active = true;
    this.#bytes += bytes.length;
    if (this.#tooLarge) return;
    this.#parts.push(Buffer.from(this.#bytes > this.#maxBytes ? bytes.subarray(0, EXCERPT_BYTES) : bytes));
    if (this.#bytes > this.#maxBytes) this.overflow();
  }

  /** Lets the unfinished record go: it will be refused as too large. */
  overflow(): void {
    if (!this.#active || this.#tooLarge) return;
    this.#tooLarge = true;
    this.#parts = [Buffer.from((this.#parts[0] ?? Buffer.alloc(0)).subarray(0, EXCERPT_BYTES))];
  }

  /** The record's bytes so far, as one buffer that the caller owns. */
  take(): Buffer {
    const whole = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
    this.clear();
    return whole;
  }

  /** The first bytes of the record, enough for an excerpt of it. */
  get head(): Uint8Array {
    return this.#parts[0] ?? new Uint8Array(0);
  }

  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#active = false;
    this.#tooLarge = false;
  }
}
