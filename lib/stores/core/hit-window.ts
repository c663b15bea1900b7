const BUCKETS = 30;
export const WINDOW_MS = 5 * 60_000;
const BUCKET_MS = WINDOW_MS / BUCKETS;

/** Hits and misses over the lifetime and of the last 5 minutes (to 10 s). Memory is fixed; recording is an increment. */
export class HitWindow {
  hits = 0;
  misses = 0;
  /** The lifetime counts at the start of each of the last buckets. */
  readonly #hitsBefore = new Float64Array(BUCKETS);
  readonly #missesBefore = new Float64Array(BUCKETS);
  #bucket = 0;
  #bucketEndsAtMs = BUCKET_MS;

  hit(nowMs: number): void {
    if (nowMs >= this.#bucketEndsAtMs) this.#turnTo(nowMs);
    this.hits += 1;
  }

  miss(nowMs: number): void {
    if (nowMs >= this.#bucketEndsAtMs) this.#turnTo(nowMs);
    this.misses += 1;
  }

  get hitRatio(): number | null {
    return ratio(this.hits, this.misses);
  }

  window(nowMs: number): { hits: number; misses: number; hitRatio: number | null } {
    if (nowMs >= this.#bucketEndsAtMs) this.#turnTo(nowMs);
    const oldest = (this.#bucket + 1) % BUCKETS;
    const hits = this.hits - (this.#hitsBefore[oldest] as number);
    const misses = this.misses - (this.#missesBefore[oldest] as number);
    return { hits, misses, hitRatio: ratio(hits, misses) };
  }

  #turnTo(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    for (let passed = Math.max(this.#bucket + 1, bucket - BUCKETS + 1); passed <= bucket; passed += 1) {
      this.#hitsBefore[passed % BUCKETS] = this.hits;
      this.#missesBefore[passed % BUCKETS] = this.misses;
    }
    this.#bucket = bucket;
    this.#bucketEndsAtMs = (bucket + 1) * BUCKET_MS;
  }
}

function ratio(hits: number, misses: number): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
