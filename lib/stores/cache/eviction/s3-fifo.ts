import { grown } from "../../core/grown.ts";
import { SlotLists } from "../../core/slot-lists.ts";
import type { OrderedPolicy } from "./eviction-policy.ts";
import { GhostQueue } from "./ghost-queue.ts";

const SMALL = 0;
const MAIN = 1;
/** The share of entries that the small queue holds. */
const SMALL_SHARE = 0.1;
const MAX_USES = 3;
/** Uses while in the small queue that earn a place in the main one. */
const PROMOTE_AT = 2;

/**
 * S3-FIFO: a small queue that lets one-hit wonders leave quickly, a main queue with second chances, and a ghost queue of
 * hashes that sends returning keys straight to the main one. A hit costs one counter.
 *
 * @see Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023, https://doi.org/10.1145/3600006.3613147
 */
export class S3FifoPolicy implements OrderedPolicy {
  readonly name = "s3-fifo";
  readonly #lists: SlotLists;
  readonly #ghost: GhostQueue;
  #uses: Uint8Array;

  constructor(slots: number) {
    this.#lists = new SlotLists(slots, 2);
    this.#ghost = new GhostQueue(slots);
    this.#uses = new Uint8Array(slots);
  }

  static bytesFor(slots: number): number {
    return SlotLists.bytesFor(slots) + GhostQueue.bytesFor(slots) + slots;
  }

  observe(): void {
    // Uses are counted per resident entry, by `touch`.
  }

  touch(slot: number): void {
    const uses = this.#uses[slot] as number;
    if (uses < MAX_USES) this.#uses[slot] = uses + 1;
  }

  rewrite(slot: number): void {
    this.touch(slot);
  }

  insert(slot: number, hash: number): void {
    this.#uses[slot] = 0;
    this.#lists.pushHead(this.#ghost.take(hash) ? MAIN : SMALL, slot);
  }

  evict(hashOf: (slot: number) => number): number {
    const items = this.#lists.length(SMALL) + this.#lists.length(MAIN);
    if (items === 0) return -1;
    const smallMost = Math.max(1, Math.floor(items * SMALL_SHARE));
    while (this.#lists.length(SMALL) >= smallMost || this.#lists.length(MAIN) === 0) {
      const slot = this.#lists.tail(SMALL);
      if (slot < 0) break;
      this.#lists.remove(slot);
      if ((this.#uses[slot] as number) < PROMOTE_AT) {
        this.#ghost.add(hashOf(slot), items - smallMost);
        return slot;
      }
      this.#uses[slot] = 0;
      this.#lists.pushHead(MAIN, slot);
    }
    return this.#evictMain();
  }

  remove(slot: number): void {
    this.#lists.remove(slot);
  }

  *coldestFirst(): Iterable<number> {
    for (let slot = this.#lists.tail(SMALL); slot >= 0; slot = this.#lists.younger(slot)) yield slot;
    for (let slot = this.#lists.tail(MAIN); slot >= 0; slot = this.#lists.younger(slot)) yield slot;
  }

  standing(slot: number): number {
    return this.#lists.listOf(slot) * (MAX_USES + 1) + (this.#uses[slot] as number);
  }

  place(slot: number, standing: number): void {
    this.#uses[slot] = standing % (MAX_USES + 1);
    this.#lists.pushHead(standing > MAX_USES ? MAIN : SMALL, slot);
  }

  grow(slots: number): void {
    this.#lists.grow(slots);
    this.#ghost.grow(slots);
    this.#uses = grown(this.#uses, slots);
  }

  /** Each pass takes a use away, so that this ends within `MAX_USES` rounds of the queue. */
  #evictMain(): number {
    for (;;) {
      const slot = this.#lists.tail(MAIN);
      const uses = this.#uses[slot] as number;
      this.#lists.remove(slot);
      if (uses === 0) return slot;
      this.#uses[slot] = uses - 1;
      this.#lists.pushHead(MAIN, slot);
    }
  }
}
