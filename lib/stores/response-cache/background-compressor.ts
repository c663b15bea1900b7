import { compress } from "./encodings.ts";
import { exchange, type HeldBody } from "./held-body.ts";

export interface CompressorOptions {
  /** Jobs that wait; what comes when it is full stays as it is until the store is asked for memory. */
  maxQueued: number;
  encoding: () => "gzip" | "br";
  /** The body under this key if it is still there in this form. */
  isCurrent: (key: string, body: HeldBody) => boolean;
  /** The body under the key has shrunk. */
  onShrunk: (key: string, body: HeldBody) => void;
}

/** Compresses bodies one at a time on zlib's threads, after the put was answered. Between jobs the store holds its bounds. */
export class BackgroundCompressor {
  readonly #options: CompressorOptions;
  readonly #queue = new Map<string, HeldBody>();
  #running: Promise<void> | null = null;
  #closed = false;
  #before = 0;
  #after = 0;

  constructor(options: CompressorOptions) {
    this.#options = options;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** What compressing has left of a byte so far; 0.5 before it was ever tried. */
  get ratio(): number {
    return this.#before === 0 ? 0.5 : this.#after / this.#before;
  }

  add(key: string, body: HeldBody): void {
    if (this.#closed || this.#queue.size >= this.#options.maxQueued) return;
    this.#queue.set(key, body);
    this.#running ??= this.#run();
  }

  forget(key: string): void {
    this.#queue.delete(key);
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Compresses one body now; returns the bytes saved. */
  async compressNow(key: string, body: HeldBody): Promise<number> {
    const plain = body.bytes;
    const encoding = this.#options.encoding();
    const compressed = await compress(plain, encoding);
    if (this.#closed || body.bytes !== plain || !this.#options.isCurrent(key, body)) return 0;
    this.#before += plain.byteLength;
    this.#after += compressed?.byteLength ?? plain.byteLength;
    if (!compressed) {
      body.state = "tried";
      return 0;
    }
    exchange(body, compressed, encoding);
    this.#options.onShrunk(key, body);
    return plain.byteLength - compressed.byteLength;
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  async #run(): Promise<void> {
    try {
      // A turn first: the put is answered before its body is compressed.
      await new Promise<void>((resolve) => setImmediate(resolve));
      for (const [key, body] of this.#queue) {
        this.#queue.delete(key);
        if (this.#options.isCurrent(key, body)) await this.compressNow(key, body);
      }
    } finally {
      this.#running = null;
    }
  }
}
