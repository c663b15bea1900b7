import { BufferPool } from "../../shared/buffer-pool.ts";
import { KIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import type { BodyArena } from "./body-arena.ts";
import { compress } from "./encodings.ts";
import type { HeldBody } from "./held-body.ts";

export interface CompressorOptions {
  bodies: BodyArena;
  clock: Clock;
  /** Bodies that wait; what comes when there are so many stays as it is until the store is asked for memory. */
  maxQueued: number;
  encoding: () => "gzip" | "br";
}

/** Whoever has stayed so long will stay a while. */
const REST_MS = 1_000;
/** The background compresses one body at a time, the optimizer perhaps another; larger ones are mapped by themselves anyway. */
const SPARE_BYTES = 256 * KIB;

/**
 * Compresses bodies one at a time on zlib's threads, when each has been there for a second. Compressing costs as much as serving a
 * body a few times, and in a cache that is missed often most of them are evicted before.
 */
export class BackgroundCompressor {
  readonly #options: CompressorOptions;
  /** With the time when each has rested; in that order. */
  readonly #resting = new Map<HeldBody, number>();
  #settling = false;
  #running: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #closed = false;
  /** Where bodies are copied to be compressed. */
  readonly #buffers = new BufferPool(SPARE_BYTES);
  #before = 0;
  #after = 0;

  constructor(options: CompressorOptions) {
    this.#options = options;
  }

  get queued(): number {
    return this.#resting.size;
  }

  /** What compressing has left of a byte so far; a half before it was ever tried. */
  get ratio(): number {
    return this.#before === 0 ? 0.5 : this.#after / this.#before;
  }

  /** Will be compressed in its time. */
  add(body: HeldBody): void {
    const { clock, maxQueued } = this.#options;
    if (this.#closed || this.queued >= maxQueued) return;
    this.#resting.set(body, clock.monotonicMs() + REST_MS);
    this.#wake();
  }

  forget(body: HeldBody): void {
    this.#resting.delete(body);
  }

  /** Compresses all that waits, rested or not. */
  async settle(): Promise<void> {
    this.#settling = true;
    this.#wake();
    while (this.#running) await this.#running;
    this.#settling = false;
  }

  /** Compresses one body now; whether it shrank. */
  async compressNow(body: HeldBody): Promise<boolean> {
    const { bodies, encoding } = this.#options;
    const chosen = encoding();
    const copies = this.#buffers.acquire(body.storedBytes);
    const plain = bodies.copyInto(copies, body);
    const compressed = await compress(plain, chosen).finally(() => this.#buffers.release(copies));
    if (this.#closed || body.holders === 0 || body.state !== "plain") return false;
    this.#before += plain.byteLength;
    this.#after += compressed?.byteLength ?? plain.byteLength;
    if (compressed) return bodies.exchange(body, compressed, chosen);
    body.state = "tried";
    return false;
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#resting.clear();
  }

  /** Runs at once if there is something to do, else when the first one has rested. */
  #wake(): void {
    if (this.#running || this.#closed) return;
    if (this.#next()) {
      this.#running = this.#run();
      return;
    }
    const [first] = this.#resting.values();
    if (first === undefined) return;
    this.#cancelTimer ??= this.#options.clock.after(Math.max(0, first - this.#options.clock.monotonicMs()), () => {
      this.#cancelTimer = null;
      this.#wake();
    });
  }

  /** With half of the places taken nobody rests: bodies come faster than they could. */
  #next(): HeldBody | undefined {
    const [oldest] = this.#resting;
    if (!oldest) return undefined;
    const { clock, maxQueued } = this.#options;
    const isDue = this.#settling || this.queued > maxQueued / 2 || oldest[1] <= clock.monotonicMs();
    return isDue ? oldest[0] : undefined;
  }

  async #run(): Promise<void> {
    try {
      // A turn first: the put is answered before its body is compressed.
      await new Promise<void>((resolve) => setImmediate(resolve));
      for (let body = this.#next(); body; body = this.#next()) {
        this.forget(body);
        // zlib without memory, say: the body stays as it is, and nobody waits who could be told.
        await this.compressNow(body).catch(() => {
          body.state = "tried";
        });
      }
    } finally {
      this.#running = null;
      this.#wake();
    }
  }
}
