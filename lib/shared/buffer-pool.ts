import { KIB } from "./bytes.ts";

const STEP_BYTES = 64 * KIB;
const MOST_BUFFERS = 8;

/**
 * Buffers that have been used and will be again. One that is made for each use is garbage outside of the heap, which is collected
 * late, and leaves holes between what the allocator gave out meanwhile.
 */
export class BufferPool {
  readonly #mostBytes: number;
  readonly #free: ArrayBuffer[] = [];
  #bytes = 0;

  /** @param mostBytes kept at most; what is handed out is the caller's. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get heldBytes(): number {
    return this.#bytes;
  }

  /** The smallest spare that holds `bytes`, or a new buffer. */
  acquire(bytes: number): ArrayBuffer {
    let best = -1;
    this.#free.forEach((spare, at) => {
      if (spare.byteLength >= bytes && spare.byteLength < (this.#free[best]?.byteLength ?? Infinity)) best = at;
    });
    const [spare] = best < 0 ? [] : this.#free.splice(best, 1);
    if (!spare) return new ArrayBuffer(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
    this.#bytes -= spare.byteLength;
    return spare;
  }

  /** Keeps `buffer` for the next, dropping older ones for it. */
  release(buffer: ArrayBuffer): void {
    if (buffer.byteLength > this.#mostBytes) return;
    this.#free.push(buffer);
    this.#bytes += buffer.byteLength;
    while (this.#bytes > this.#mostBytes || this.#free.length > MOST_BUFFERS)
      this.#bytes -= this.#free.shift()?.byteLength ?? 0;
  }
}
