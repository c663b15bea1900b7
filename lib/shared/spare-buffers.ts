import { KIB } from "./bytes.ts";

const STEP_BYTES = 64 * KIB;
const MOST_SPARES = 8;

/**
 * Buffers that have been used and will be again. One that is made for each use is garbage outside of the heap, which is collected
 * late, and leaves holes between what the allocator gave out meanwhile.
 */
export class SpareBuffers {
  readonly #mostBytes: number;
  readonly #spares: ArrayBuffer[] = [];
  #bytes = 0;

  /** @param mostBytes kept at most; what is handed out is the caller's. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

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
    if (buffer.byteLength > this.#mostBytes) return;
    this.#spares.push(buffer);
    this.#bytes += buffer.byteLength;
    while (this.#bytes > this.#mostBytes || this.#spares.length > MOST_SPARES)
      this.#bytes -= this.#spares.shift()?.byteLength ?? 0;
  }
}
