/** Readings looked back on: a collection falls into them, and what one request allocates does not last that long. */
const LOOKED_BACK = 10;

/**
 * What the process holds beside its stores, from readings of `used − granted` once start-up is over. A single reading may be a peak
 * whose memory goes back later, and everything would then be claimed twice; so it is the lowest of the last ten readings. It
 * follows what loads on first use (a page's code stays) until a store has its first item. From then on it may only fall, to what
 * ten readings in a row stayed below: what start-up or a request at that moment had touched goes back with a later collection.
 */
export class RuntimeBaseline {
  readonly #readings: number[] = [];
  #settled = false;
  #baselineBytes = 0;

  /** True from the first item on: the baseline does not rise any more. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * @param ownBytes what the process holds beside what the stores were granted (an empty store may hold an index). Never less than
   *   that: a grant for what is yet to come must not be taken off.
   * @param isEmpty whether no store has an item.
   * @returns the baseline. A process that starts with items has the first reading to begin with.
   */
  read(ownBytes: number, isEmpty: boolean): number {
    const isFirst = this.#readings.length === 0;
    if (!isEmpty) this.settle();
    if (this.#settled && !isFirst) return this.#fall(ownBytes);
    this.#add(ownBytes);
    this.#baselineBytes = Math.min(...this.#readings);
    return this.#baselineBytes;
  }

  /** Readings from before do not count towards a fall. */
  settle(): void {
    if (!this.#settled && this.#readings.length > 0) this.#readings.splice(0, Infinity, this.#baselineBytes);
    this.#settled = true;
  }

  #fall(ownBytes: number): number {
    this.#add(ownBytes);
    if (this.#readings.length === LOOKED_BACK)
      this.#baselineBytes = Math.min(this.#baselineBytes, Math.max(...this.#readings));
    return this.#baselineBytes;
  }

  #add(ownBytes: number): void {
    this.#readings.push(ownBytes);
    if (this.#readings.length > LOOKED_BACK) this.#readings.shift();
  }
}
