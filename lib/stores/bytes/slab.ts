/** Blocks begin on words: the handle, the payload's length, the payload. */
const HEADER_BYTES = 8;
const WORD_BYTES = 4;

/** What a payload of `bytes` takes in a slab. */
export function blockBytes(bytes: number): number {
  return HEADER_BYTES + Math.ceil(bytes / WORD_BYTES) * WORD_BYTES;
}

/**
 * One run of memory that is filled from the front. It is a resizable ArrayBuffer: address space for `maxBytes` is reserved,
 * pages are committed as it grows and go back to the system the moment it shrinks, with no collection in between.
 * (`process.memoryUsage().external` does not see these pages before Node 24; RSS does, and so does the account.)
 */
export class Slab {
  readonly maxBytes: number;
  /** Bytes of blocks that are still alive. */
  liveBytes = 0;
  /** Where the next block goes: everything below is blocks, alive or dead. */
  usedBytes = 0;
  readonly #buffer: ArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.#buffer = new ArrayBuffer(0, { maxByteLength: maxBytes });
    this.#bytes = new Uint8Array(this.#buffer);
    this.#words = new Uint32Array(this.#buffer);
  }

  get committedBytes(): number {
    return this.#buffer.byteLength;
  }

  get garbageBytes(): number {
    return this.usedBytes - this.liveBytes;
  }

  commit(bytes: number): void {
    this.#buffer.resize(bytes);
  }

  /** Appends a block and returns the offset of its payload; the caller has made room. */
  append(handle: number, payload: Uint8Array): number {
    const at = this.usedBytes;
    this.#words[at / WORD_BYTES] = handle;
    this.#words[at / WORD_BYTES + 1] = payload.length;
    this.#bytes.set(payload, at + HEADER_BYTES);
    const taken = blockBytes(payload.length);
    this.usedBytes += taken;
    this.liveBytes += taken;
    return at + HEADER_BYTES;
  }

  drop(payloadBytes: number): void {
    this.liveBytes -= blockBytes(payloadBytes);
  }

  /** Not a `Buffer`: V8 makes a hidden class of its own for each one over resizable memory, and every use of it misses its cache. */
  view(offset: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#buffer, offset, bytes);
  }

  /** Slides the live blocks to the front; `moved` hears of each one's offset and says whether the block lives. */
  slide(isAlive: (handle: number, offset: number) => boolean, moved: (handle: number, offset: number) => void): void {
    let to = 0;
    for (let from = 0; from < this.usedBytes; ) {
      const handle = this.#words[from / WORD_BYTES] ?? 0;
      const taken = blockBytes(this.#words[from / WORD_BYTES + 1] ?? 0);
      if (isAlive(handle, from + HEADER_BYTES)) {
        if (to < from) {
          this.#bytes.copyWithin(to, from, from + taken);
          moved(handle, to + HEADER_BYTES);
        }
        to += taken;
      }
      from += taken;
    }
    this.usedBytes = to;
  }
}
