import { KIB, MIB } from "../../shared/bytes.ts";

const STEP_BYTES = 64 * KIB;
/** A commit of sessions takes 256 KiB to 1 MiB: two of these, or many small ones. */
const SPARE_BYTES = 2 * MIB;
const MOST_SPARES = 8;

/** Buffers that have been used and will be again, at most 2 MiB of them. */
export class SpareBuffers {
  readonly #spares: ArrayBuffer[] = [];
  #bytes = 0;

  get heldBytes(): number {
    return this.#bytes;
  }

  /** The smallest spare that holds `bytes`, or a new buffer. */
  take(bytes: number): ArrayBuffer {
    let best = -1;
    this.#spares.forEach((spare, at) => {
      if (spare.byteLength >= bytes && spare.byteLength < (this.#spares[best]?.byteLength ?? Infinity)) best = at;
    });
    const [spare] = best < 0 ? [] : this.#spares.splice(best, 1);
    if (!spare) return new ArrayBuffer(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
    this.#bytes -= spare.byteLength;
    return spare;
  }

  /** Keeps `buffer` for the next, letting go of older ones for it. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength > SPARE_BYTES) return;
    this.#spares.push(buffer);
    this.#bytes += buffer.byteLength;
    while (this.#bytes > SPARE_BYTES || this.#spares.length > MOST_SPARES)
      this.#bytes -= this.#spares.shift()?.byteLength ?? 0;
  }
}
