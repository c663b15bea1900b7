const NONE = 0xffff_ffff;

/**
 * Which slots of a table are free: what was given back last is taken first, then what was never used. The chain stands in a
 * column of the owner's that a free slot has no use for, so that it costs nothing.
 */
export class FreeSlots {
  #links: Uint32Array;
  #first = NONE;
  #top = 0;

  constructor(links: Uint32Array) {
    this.#links = links;
  }

  /** Slots that were ever taken. */
  get top(): number {
    return this.#top;
  }

  get isEmpty(): boolean {
    return this.#first === NONE && this.#top === this.#links.length;
  }

  /** A free slot, or -1. */
  take(): number {
    const slot = this.#first;
    if (slot === NONE) return this.#top < this.#links.length ? this.#top++ : -1;
    this.#first = this.#links[slot] as number;
    return slot;
  }

  give(slot: number): void {
    this.#links[slot] = this.#first;
    this.#first = slot;
  }

  /** The owner's column has grown: `links` is a longer copy of it. */
  grow(links: Uint32Array): void {
    this.#links = links;
  }
}
