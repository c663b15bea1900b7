import { SlotLists } from "../../core/slot-lists.ts";
import type { OrderedPolicy } from "./eviction-policy.ts";

const ALL = 0;

/** Least recently used goes first. */
export class LruPolicy implements OrderedPolicy {
  readonly name = "lru";
  readonly #lists: SlotLists;

  constructor(slots: number) {
    this.#lists = new SlotLists(slots, 1);
  }

  static bytesFor(slots: number): number {
    return SlotLists.bytesFor(slots);
  }

  observe(): void {
    // Recency alone counts, and `touch` and `insert` tell it.
  }

  touch(slot: number): void {
    this.#lists.moveToHead(ALL, slot);
  }

  rewrite(slot: number): void {
    this.touch(slot);
  }

  insert(slot: number): void {
    this.#lists.pushHead(ALL, slot);
  }

  evict(): number {
    const victim = this.#lists.tail(ALL);
    if (victim >= 0) this.#lists.remove(victim);
    return victim;
  }

  remove(slot: number): void {
    this.#lists.remove(slot);
  }

  *coldestFirst(): Iterable<number> {
    for (let slot = this.#lists.tail(ALL); slot >= 0; slot = this.#lists.younger(slot)) yield slot;
  }

  standing(): number {
    return 0;
  }

  place(slot: number): void {
    this.#lists.pushHead(ALL, slot);
  }

  grow(slots: number): void {
    this.#lists.grow(slots);
  }
}
