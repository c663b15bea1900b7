import { grown } from "../../core/grown.ts";
import { SlotTable } from "../../core/slot-table.ts";

/** The hashes of the last `capacity` entries evicted, first in first out: 13.3–18.7 bytes each. */
export class GhostQueue {
  #table: SlotTable;
  #used: Uint8Array;
  #next = 0;

  constructor(capacity: number) {
    this.#table = new SlotTable(Math.max(1, capacity), false);
    this.#used = new Uint8Array(Math.max(1, capacity));
  }

  static bytesFor(capacity: number): number {
    return SlotTable.bytesFor(Math.max(1, capacity), false) + Math.max(1, capacity);
  }

  /** `within` bounds how many of the youngest count: a store that shrank should not look back further than its size. */
  add(hash: number, within: number): void {
    this.take(hash);
    const capacity = Math.max(1, Math.min(within, this.#used.length));
    if (this.#next >= capacity) this.#next = 0;
    const slot = this.#next;
    if (this.#used[slot]) this.#table.remove(slot);
    this.#table.add(slot, hash);
    this.#used[slot] = 1;
    this.#next = slot + 1;
  }

  /** Whether the hash was remembered; it no longer is. */
  take(hash: number): boolean {
    const slot = this.#table.find(hash);
    if (slot < 0) return false;
    this.#table.remove(slot);
    this.#used[slot] = 0;
    return true;
  }

  grow(capacity: number): void {
    const used = this.#used;
    this.#table.grow(capacity, (slot) => used[slot] === 1);
    this.#used = grown(used, capacity);
  }
}
