/** Readings looked back on: a collection falls into them, and what one request allocates does not last that long. */
const LOOKED_BACK = 10;

/**
 * What the process held before any store had an item, from readings of `used − granted` once start-up is over. A single reading may
 * be a peak whose memory goes back later, and everything would then be claimed twice; so it is the lowest of the last ten readings.
 * It follows what loads on first use (a page's code stays) until a store has its first item, and is then a fact.
 */
export class RuntimeBaseline {
  readonly #readings: number[] = [];
  #settled = false;

  /** True from the first item on: readings change nothing any more. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * @param ownBytes what the process holds beside what the stores were granted (an empty store may hold an index).
   * @param isEmpty whether no store has an item.
   * @returns the baseline. A process that starts with items has the first reading alone.
   */
  read(ownBytes: number, isEmpty: boolean): number {
    if (!isEmpty) this.settle();
    if (!this.#settled || this.#readings.length === 0) this.#readings.push(ownBytes);
    if (this.#readings.length > LOOKED_BACK) this.#readings.shift();
    return Math.min(...this.#readings);
  }

  settle(): void {
    this.#settled = true;
  }
}
