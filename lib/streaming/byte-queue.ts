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

  /** The next `count` bytes, which stay; fewer where the source ends. */
  async peek(count: number): Promise<Uint8Array> {
    let head: Uint8Array = new Uint8Array();
    while (head.length < count) {
      const chunk = await this.next();
      if (!chunk) break;
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    }
    if (head.length > 0) this.putBack(head);
    return head.subarray(0, count);
  }

  /** The end of the chunk that was taken last. */
  putBack(rest: Uint8Array): void {
    this.#takenBytes -= rest.length;
    this.#back = rest;
  }

  /** What is left, chunk by chunk. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (let chunk = await this.next(); chunk; chunk = await this.next()) yield chunk;
    } finally {
      this.close();
    }
  }

  /** Lets the source go, without waiting for it: it may have nothing to give for long. */
  close(): void {
    this.#iterator.return?.()?.catch(() => undefined);
  }
}
