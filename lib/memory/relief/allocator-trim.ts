import { monitorEventLoopDelay } from "node:perf_hooks";
import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { LearnedShare, type Reclaim, type Reclaimer } from "./reclaimer.ts";

export const TRIM = "trim";

/** Below this the pages are wanted again sooner than they are missed. */
const WORTH_BYTES = 8 * MIB;
/** At most one in ten seconds by itself: each walks every free block of the allocator. */
const AUTOMATIC_GAP_MS = 10_000;
/** Until a trim has shown it: a free block of a few hundred bytes has no whole page in it. */
const FIRST_SHARE = 0.7;
/** Until a trim has shown it: what the loop waits for while its own arena is walked. */
const FIRST_PAUSE_MS = 20;

/** The C library's allocator, as far as it can be asked. */
export interface Allocator {
  /** Free blocks that it keeps, resident or not. Walks its lists: some milliseconds when there are many. */
  freeBytes(): number;
  /** Gives whole free pages back to the system, on another thread. */
  trim(): Promise<void>;
}

export interface AllocatorTrimOptions {
  clock: Pick<Clock, "monotonicMs">;
  rssBytes(): number;
  /** Null where the C library has no way to be asked. Loaded once, when it is first needed. */
  load(): Promise<Allocator | null>;
  /** Measures the longest delay of the event loop until the returned function is called, in milliseconds. */
  watchLoop?(): () => number;
}

/**
 * Gives back what the C library's allocator keeps after a burst. Blocks below 128 KiB (buffers of requests, zlib's and SQLite's
 * own) come from arenas whose pages go back only from their end: one small block in use there keeps all that stand before it.
 */
export class AllocatorTrim implements Reclaimer {
  readonly step = TRIM;
  readonly #options: AllocatorTrimOptions;
  readonly #share = new LearnedShare(FIRST_SHARE);
  #allocator: Promise<Allocator | null> | null = null;
  #loaded: Allocator | null = null;
  /** Free blocks that the last trim left: their pages are gone already, or have something in use beside them. */
  #leftBytes = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AllocatorTrimOptions) {
    this.#options = options;
  }

  async prepare(): Promise<void> {
    this.#allocator ??= this.#options.load();
    this.#loaded = await this.#allocator;
  }

  predict(): Reclaim {
    const possibleBytes = this.#possibleBytes();
    if (possibleBytes === 0) return { freedBytes: 0, pauseMs: 0 };
    return { freedBytes: Math.round(possibleBytes * this.#share.value), pauseMs: Math.round(this.#pauseMs) };
  }

  pays(_pendingBytes: number, byHand: boolean): boolean {
    const { clock } = this.#options;
    if (this.#loaded === null) return false;
    if (!byHand && clock.monotonicMs() - this.#lastAtMs < AUTOMATIC_GAP_MS) return false;
    return this.predict().freedBytes >= WORTH_BYTES;
  }

  async run(): Promise<Reclaim & { durationMs: number }> {
    const { clock, rssBytes, watchLoop = watchEventLoop } = this.#options;
    const allocator = this.#loaded;
    if (allocator === null) return { freedBytes: 0, pauseMs: 0, durationMs: 0 };
    const before = rssBytes();
    const possibleBytes = this.#possibleBytes();
    const startedAtMs = clock.monotonicMs();
    this.#lastAtMs = startedAtMs;
    const longestDelayMs = watchLoop();
    try {
      await allocator.trim();
    } finally {
      this.#pauseMs = longestDelayMs();
    }
    const freedBytes = Math.max(0, before - rssBytes());
    this.#leftBytes = allocator.freeBytes();
    this.#share.learn(possibleBytes, freedBytes);
    return { freedBytes, durationMs: clock.monotonicMs() - startedAtMs, pauseMs: this.#pauseMs };
  }

  #possibleBytes(): number {
    return this.#loaded === null ? 0 : Math.max(0, this.#loaded.freeBytes() - this.#leftBytes);
  }
}

function watchEventLoop(): () => number {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    delay.disable();
    return Number.isFinite(delay.max) ? delay.max / 1e6 : 0;
  };
}

/**
 * glibc's allocator, through koffi (prebuilt; some 4 MB of RSS once loaded, so only when it is needed). Null on other systems, with
 * another C library, or where the binding is not installed.
 */
export async function loadGlibc(): Promise<Allocator | null> {
  if (process.platform !== "linux") return null;
  try {
    const { default: koffi } = await import("koffi");
    const libc = koffi.load("libc.so.6");
    const figures = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks"];
    koffi.struct("mallinfo2", Object.fromEntries([...figures, "keepcost"].map((name) => [name, "size_t"])));
    const mallinfo2 = libc.func("mallinfo2 mallinfo2()");
    const mallocTrim = libc.func("int malloc_trim(size_t)");
    return {
      freeBytes: () => Number((mallinfo2() as { fordblks: number | bigint }).fordblks),
      trim: () =>
        new Promise<void>((resolve, reject) =>
          mallocTrim.async(0, (error: Error | null) => (error ? reject(error) : resolve())),
        ),
    };
  } catch {
    // No glibc here, or none with these functions (older than 2.33): the step is not offered.
    return null;
  }
}
