import type { BodyArena } from "./body-arena.ts";
import { compress } from "./encodings.ts";
import type { HeldBody } from "./held-body.ts";

export interface CompressorOptions {
  bodies: BodyArena;
  /** Jobs that wait; what comes when it is full stays as it is until the store is asked for memory. */
  maxQueued: number;
  encoding: () => "gzip" | "br";
}

/** Compresses bodies one at a time on zlib's threads, after the put was answered. */
export class BackgroundCompressor {
  readonly #options: CompressorOptions;
  readonly #queue = new Set<HeldBody>();
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

  /** What compressing has left of a byte so far; a half before it was ever tried. */
  get ratio(): number {
    return this.#before === 0 ? 0.5 : this.#after / this.#before;
  }

  add(body: HeldBody): void {
    if (this.#closed || this.#queue.size >= this.#options.maxQueued) return;
    this.#queue.add(body);
    this.#running ??= this.#run();
  }

  forget(body: HeldBody): void {
    this.#queue.delete(body);
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Compresses one body now; whether it shrank. */
  async compressNow(body: HeldBody): Promise<boolean> {
    const { bodies, encoding } = this.#options;
    const chosen = encoding();
    const plain = bodies.copy(body);
    const compressed = await compress(plain, chosen);
    if (this.#closed || body.holders === 0 || body.state !== "plain") return false;
    this.#before += plain.byteLength;
    this.#after += compressed?.byteLength ?? plain.byteLength;
    if (compressed) return bodies.exchange(body, compressed, chosen);
    body.state = "tried";
    return false;
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
  }

  async #run(): Promise<void> {
    try {
      // A turn first: the put is answered before its body is compressed.
      await new Promise<void>((resolve) => setImmediate(resolve));
      for (const body of this.#queue) {
        this.#queue.delete(body);
        await this.compressNow(body);
      }
    } finally {
      this.#running = null;
    }
  }
}
