import { grown } from "./grown.ts";

const NONE = -1;

/**
 * Several doubly linked lists over one pool of slots, threaded through typed arrays: 9 bytes a slot, no object per entry,
 * every operation O(1). A slot is in one list or in none.
 */
export class SlotLists {
  #next: Int32Array;
  #previous: Int32Array;
  /** List number + 1; 0 for a slot in no list. */
  #home: Uint8Array;
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #lengths: Int32Array;

  constructor(slots: number, lists: number) {
    this.#next = new Int32Array(slots);
    this.#previous = new Int32Array(slots);
    this.#home = new Uint8Array(slots);
    this.#heads = new Int32Array(lists).fill(NONE);
    this.#tails = new Int32Array(lists).fill(NONE);
    this.#lengths = new Int32Array(lists);
  }

  static bytesFor(slots: number): number {
    return 9 * slots;
  }

  length(list: number): number {
    return this.#lengths[list] as number;
  }

  /** The youngest slot of the list, or -1. */
  head(list: number): number {
    return this.#heads[list] as number;
  }

  /** The oldest slot of the list, or -1. */
  tail(list: number): number {
    return this.#tails[list] as number;
  }

  /** The next younger slot in the same list, or -1. */
  younger(slot: number): number {
    return this.#previous[slot] as number;
  }

  /** The list that the slot is in, or -1. */
  listOf(slot: number): number {
    return (this.#home[slot] as number) - 1;
  }

  pushHead(list: number, slot: number): void {
    const head = this.#heads[list] as number;
    this.#next[slot] = head;
    this.#previous[slot] = NONE;
    if (head === NONE) this.#tails[list] = slot;
    else this.#previous[head] = slot;
    this.#heads[list] = slot;
    this.#home[slot] = list + 1;
    this.#lengths[list] = (this.#lengths[list] as number) + 1;
  }

  remove(slot: number): void {
    const list = (this.#home[slot] as number) - 1;
    if (list < 0) return;
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    if (previous === NONE) this.#heads[list] = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#tails[list] = previous;
    else this.#previous[next] = previous;
    this.#home[slot] = 0;
    this.#lengths[list] = (this.#lengths[list] as number) - 1;
  }

  moveToHead(list: number, slot: number): void {
    if (this.#heads[list] === slot) return;
    this.remove(slot);
    this.pushHead(list, slot);
  }

  grow(slots: number): void {
    this.#next = grown(this.#next, slots);
    this.#previous = grown(this.#previous, slots);
    this.#home = grown(this.#home, slots);
  }
}
