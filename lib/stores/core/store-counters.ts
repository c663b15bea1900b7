import type { StoreStats } from "../../contracts/memory.ts";
import type { Clock } from "../../shared/clock.ts";

export type RemovalCause = keyof StoreStats["removals"];

export const WINDOW_MS = 5 * 60_000;
const BUCKET_MS = 5_000;
const BUCKETS = WINDOW_MS / BUCKET_MS;

function ratio(hits: number, misses: number): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}

/** What a store counts: since the start, and over the last 5 minutes in steps of 5 s. Fixed size. */
export class StoreCounters {
  readonly #clock: Pick<Clock, "monotonicMs">;
  #hits = 0;
  #misses = 0;
  #rejections = 0;
  readonly #removals: Record<RemovalCause, number> = { evicted: 0, expired: 0, replaced: 0, deleted: 0, spilled: 0 };
  readonly #windowHits = new Float64Array(BUCKETS);
  readonly #windowMisses = new Float64Array(BUCKETS);
  /** Which step each bucket counts: a bucket of another step is stale. */
  readonly #windowStep = new Float64Array(BUCKETS).fill(-1);

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  hit(): void {
    this.#hits++;
    const bucket = this.#bucket();
    this.#windowHits[bucket] = (this.#windowHits[bucket] ?? 0) + 1;
  }

  miss(): void {
    this.#misses++;
    const bucket = this.#bucket();
    this.#windowMisses[bucket] = (this.#windowMisses[bucket] ?? 0) + 1;
  }

  reject(): void {
    this.#rejections++;
  }

  removed(cause: RemovalCause, count = 1): void {
    this.#removals[cause] += count;
  }

  /** The counted fields of `StoreStats`; `evictions` are all removals for want of room, lossless or not. */
  snapshot(): Pick<
    StoreStats,
    "hits" | "misses" | "hitRatio" | "evictions" | "expirations" | "rejections" | "removals" | "window"
  > {
    const removals = { ...this.#removals };
    return {
      hits: this.#hits,
      misses: this.#misses,
      hitRatio: ratio(this.#hits, this.#misses),
      evictions: removals.evicted + removals.spilled,
      expirations: removals.expired,
      rejections: this.#rejections,
      removals,
      window: this.#window(),
    };
  }

  #window(): StoreStats["window"] {
    const step = Math.floor(this.#clock.monotonicMs() / BUCKET_MS);
    let hits = 0;
    let misses = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      if ((this.#windowStep[bucket] ?? -1) <= step - BUCKETS) continue;
      hits += this.#windowHits[bucket] ?? 0;
      misses += this.#windowMisses[bucket] ?? 0;
    }
    return { hits, misses, hitRatio: ratio(hits, misses) };
  }

  #bucket(): number {
    const step = Math.floor(this.#clock.monotonicMs() / BUCKET_MS);
    const bucket = step % BUCKETS;
    if (this.#windowStep[bucket] !== step) {
      this.#windowStep[bucket] = step;
      this.#windowHits[bucket] = 0;
      this.#windowMisses[bucket] = 0;
    }
    return bucket;
  }
}
