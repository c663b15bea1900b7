export interface TimeToLiveOptions {
  ttlMs: number;
  /** Share of its time to live by which an entry may go early, or without a time of its own late; 0 unless said. */
  ttlJitter?: number | undefined;
  random?: (() => number) | undefined;
}

/** How long an entry lives. Jitter lets entries that were put together expire apart. */
export class TimeToLive {
  readonly #random: () => number;
  #jitter: number;
  ms: number;

  constructor({ ttlMs, ttlJitter = 0, random = Math.random }: TimeToLiveOptions) {
    this.ms = ttlMs;
    this.#jitter = ttlJitter;
    this.#random = random;
  }

  change({ ttlMs, ttlJitter }: { ttlMs: number | undefined; ttlJitter: number | undefined }): void {
    this.ms = ttlMs ?? this.ms;
    this.#jitter = ttlJitter ?? this.#jitter;
  }

  /** What the caller said is the longest; the default may go either way. */
  of(maxAgeMs: number | undefined): number {
    if (this.#jitter === 0) return maxAgeMs ?? this.ms;
    const random = this.#random();
    if (maxAgeMs !== undefined) return maxAgeMs * (1 - this.#jitter * random);
    return this.ms * (1 + this.#jitter * (2 * random - 1));
  }
}
