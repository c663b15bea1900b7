import { scramble } from "../../core/key-hash.ts";

const ROWS = 4;
const MOST = 15;
/** All counters are halved after this many additions per slot, so that what was once popular can be forgotten. */
const SAMPLE_PER_SLOT = 10;

/**
 * How often each hash was seen lately: a count-min sketch of 4-bit counters, 16 counters (8 bytes) per slot rounded up
 * to a power of two, halved periodically. Estimates err upwards only, and rarely. The four places of a hash are found
 * by double hashing (Kirsch & Mitzenmacher 2006).
 *
 * @see Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", 2017,
 * https://doi.org/10.1145/3149371
 */
export class FrequencySketch {
  #counters: Uint8Array;
  #mask: number;
  #sampleMost: number;
  #additions = 0;

  constructor(slots: number) {
    this.#counters = new Uint8Array(FrequencySketch.bytesFor(slots));
    this.#mask = this.#counters.length * 2 - 1;
    this.#sampleMost = Math.max(16, slots * SAMPLE_PER_SLOT);
  }

  static bytesFor(slots: number): number {
    return 8 * 2 ** Math.ceil(Math.log2(Math.max(8, slots)));
  }

  add(hash: number): void {
    let added = false;
    let probe = scramble(hash);
    const step = (probe >>> 16) | 1;
    for (let row = 0; row < ROWS; row += 1) {
      probe = (probe + step) | 0;
      const index = probe & this.#mask;
      const pair = this.#counters[index >> 1] as number;
      const shift = (index & 1) * 4;
      if (((pair >> shift) & MOST) < MOST) {
        this.#counters[index >> 1] = pair + (1 << shift);
        added = true;
      }
    }
    if (!added) return;
    this.#additions += 1;
    if (this.#additions >= this.#sampleMost) this.#halve();
  }

  /** 0 to 15. */
  estimate(hash: number): number {
    let least = MOST;
    let probe = scramble(hash);
    const step = (probe >>> 16) | 1;
    for (let row = 0; row < ROWS; row += 1) {
      probe = (probe + step) | 0;
      const index = probe & this.#mask;
      const count = ((this.#counters[index >> 1] as number) >> ((index & 1) * 4)) & MOST;
      if (count < least) least = count;
    }
    return least;
  }

  #halve(): void {
    const counters = this.#counters;
    for (let i = 0; i < counters.length; i += 1) counters[i] = ((counters[i] as number) >> 1) & 0x77;
    this.#additions >>= 1;
  }
}
