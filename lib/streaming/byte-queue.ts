/** Chunks of a source, one at a time; a part that was not needed can be put back. */
export class ByteQueue {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #back: Uint8Array | null = null;
  #takenBytes = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** Bytes given out and not put back. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Null when the source has ended. */
  async next(): Promise<Uint8Array | null> {
    let chunk = this.#back;
    this.#back = null;
    if (!chunk) {
      const { done, value } = await this.#iterator.next();
      if (done) return null;
      chunk = value;
    }
    this.#takenBytes += chunk.length;
    return chunk;
  }

  /** The end of the chunk that was taken last. */
  putBack(rest: Uint8Array): void {
    this.#takenBytes -= rest.length;
    this.#back = rest;
  }

  /** Lets the source go, without waiting for it: it may have nothing to give for long. */
  close(): void {
    this.#iterator.return?.()?.catch(() => undefined);
  }
}
