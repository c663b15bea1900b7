/**
 * At most `perMinute` requests at once, and as many in a minute: the bucket holds that many tokens, and is filled evenly. It is kept
 * in memory alone, so a restart fills it.
 */
export class TokenBucket {
  readonly perMinute: number;
  #tokens: number;
  #atMs: number;

  constructor(perMinute: number, nowMs: number) {
    this.perMinute = perMinute;
    this.#tokens = perMinute;
    this.#atMs = nowMs;
  }

  /** Takes a token. @returns 0, or the milliseconds until there is one. */
  take(nowMs: number): number {
    this.#tokens = Math.min(this.perMinute, this.#tokens + ((nowMs - this.#atMs) * this.perMinute) / 60_000);
    this.#atMs = nowMs;
    // Sums of fractions may end just below one.
    if (this.#tokens < 1 - 1e-9) return ((1 - this.#tokens) * 60_000) / this.perMinute;
    this.#tokens -= 1;
    return 0;
  }
}
