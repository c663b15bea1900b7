/** Latencies in logarithmic buckets of 5 %: memory is fixed, whatever the number of samples. */
export class Latencies {
  readonly #buckets = new Float64Array(400);
  count = 0;
  #sumMs = 0;
  #maxMs = 0;

  record(ms: number): void {
    this.count += 1;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
    const bucket = Math.min(399, Math.max(0, Math.round(Math.log(ms / 0.01) / Math.log(1.05))));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
  }

  quantile(share: number): number {
    let left = this.count * share;
    for (let bucket = 0; bucket < this.#buckets.length; bucket += 1) {
      left -= this.#buckets[bucket] ?? 0;
      if (left <= 0) return 0.01 * 1.05 ** bucket;
    }
    return this.#maxMs;
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.#sumMs / this.count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }
}
