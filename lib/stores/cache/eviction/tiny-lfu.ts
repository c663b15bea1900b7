import { SlotLists } from "../../core/slot-lists.ts";
import type { OrderedPolicy } from "./eviction-policy.ts";
import { FrequencySketch } from "./frequency-sketch.ts";

const PROBATION = 0;
const WINDOW = 1;
const PROTECTED = 2;
const WINDOW_SHARE = 0.01;
const PROTECTED_SHARE = 0.8;

/**
 * W-TinyLFU with a static window: newcomers pass through a small LRU window; leaving it, a newcomer takes the place of the
 * main region's oldest entry only if it was asked for more often. The main region is an LRU of two segments.
 *
 * @see Einziger, Friedman, Manes 2017, https://doi.org/10.1145/3149371
 */
export class TinyLfuPolicy implements OrderedPolicy {
  readonly name = "tiny-lfu";
  readonly #lists: SlotLists;
  #sketch: FrequencySketch;

  constructor(slots: number) {
    this.#lists = new SlotLists(slots, 3);
    this.#sketch = new FrequencySketch(slots);
  }

  static bytesFor(slots: number): number {
    return SlotLists.bytesFor(slots) + FrequencySketch.bytesFor(slots);
  }

  observe(hash: number): void {
    this.#sketch.add(hash);
  }

  touch(slot: number): void {
    const list = this.#lists.listOf(slot);
    if (list !== PROBATION) {
      this.#lists.moveToHead(list, slot);
      return;
    }
    this.#lists.moveToHead(PROTECTED, slot);
    const main = this.#lists.length(PROBATION) + this.#lists.length(PROTECTED);
    if (this.#lists.length(PROTECTED) > main * PROTECTED_SHARE) this.#move(this.#lists.tail(PROTECTED), PROBATION);
  }

  rewrite(slot: number): void {
    this.touch(slot);
  }

  insert(slot: number): void {
    this.#lists.pushHead(WINDOW, slot);
  }

  evict(hashOf: (slot: number) => number): number {
    const window = this.#lists.length(WINDOW);
    const main = this.#lists.length(PROBATION) + this.#lists.length(PROTECTED);
    // While the store fills, everything is in the window: what exceeds its share moves on unchallenged.
    const windowMost = Math.max(1, Math.floor((window + main) * WINDOW_SHARE));
    for (let excess = window - windowMost; excess > 0; excess -= 1) this.#move(this.#lists.tail(WINDOW), PROBATION);
    const victim = this.#victim();
    const candidate = this.#lists.tail(WINDOW);
    if (candidate < 0 || this.#lists.length(WINDOW) < windowMost) return this.#drop(victim);
    if (victim < 0) return this.#drop(candidate);
    if (this.#sketch.estimate(hashOf(candidate)) <= this.#sketch.estimate(hashOf(victim))) return this.#drop(candidate);
    this.#move(candidate, PROBATION);
    return this.#drop(victim);
  }

  remove(slot: number): void {
    this.#lists.remove(slot);
  }

  *coldestFirst(): Iterable<number> {
    for (const list of [PROBATION, WINDOW, PROTECTED]) {
      for (let slot = this.#lists.tail(list); slot >= 0; slot = this.#lists.younger(slot)) yield slot;
    }
  }

  standing(slot: number): number {
    return this.#lists.listOf(slot);
  }

  place(slot: number, standing: number): void {
    this.#lists.pushHead(standing, slot);
  }

  /** What is known of frequencies is learned again: a sketch of another size has other places. */
  grow(slots: number): void {
    this.#lists.grow(slots);
    this.#sketch = new FrequencySketch(slots);
  }

  #victim(): number {
    const oldest = this.#lists.tail(PROBATION);
    return oldest >= 0 ? oldest : this.#lists.tail(PROTECTED);
  }

  #drop(slot: number): number {
    if (slot >= 0) this.#lists.remove(slot);
    return slot;
  }

  #move(slot: number, list: number): void {
    this.#lists.remove(slot);
    this.#lists.pushHead(list, slot);
  }
}
