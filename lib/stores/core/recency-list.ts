import { grown } from "./grown.ts";

const NONE = -1;
/** In `#older` of a slot that is not in the list. */
const ABSENT = -2;

/**
 * Slots in order of use: an intrusive doubly linked list on typed arrays, every operation O(1), 8 bytes a slot.
 * (A `Map` in insertion order looks simpler, but its `keys().next()` walks the slots of what was deleted before.)
 */
export class RecencyList {
  static readonly BYTES_PER_SLOT = 8;
  #older: Int32Array;
  #newer: Int32Array;
  #oldest = NONE;
  #newest = NONE;
  #length = 0;

  constructor(capacity: number) {
    this.#older = new Int32Array(capacity).fill(ABSENT);
    this.#newer = new Int32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** The slot used longest ago, or -1. */
  get oldest(): number {
    return this.#oldest;
  }

  has(slot: number): boolean {
    return this.#older[slot] !== ABSENT;
  }

  /** The slot used next after `slot`, or -1. */
  newerThan(slot: number): number {
    return this.#newer[slot] ?? NONE;
  }

  /** Puts `slot` at the newest end, whether or not it was in the list. */
  touch(slot: number): void {
    if (this.#newest === slot) return;
    if (this.has(slot)) this.remove(slot);
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
    this.#length++;
  }

  /** Takes `slot` out; nothing happens if it is not in the list. */
  remove(slot: number): void {
    const older = this.#older[slot] ?? ABSENT;
    if (older === ABSENT) return;
    const newer = this.#newer[slot] ?? NONE;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    this.#older[slot] = ABSENT;
    this.#length--;
  }

  /** Makes room for slots below `capacity`; never cuts off a slot that is in use. */
  grow(capacity: number): void {
    this.#older = grown(this.#older, capacity).fill(ABSENT, this.#older.length);
    this.#newer = grown(this.#newer, capacity);
  }
}
