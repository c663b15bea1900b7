import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { CollectionMemory } from "./collection-memory.ts";
import { LINK, Links } from "./detail-plane.ts";
import { PayloadArena } from "./payload-arena.ts";
import type { SlabArena } from "./slab-arena.ts";

const NONE = -1;

/**
 * The hot vectors of all collections in order of use: a list linked through the detail blocks, so every step is O(1) and costs no object.
 * A use is a vector written, or returned by a search; being scanned is none.
 */
export class HotTier {
  readonly links: Links;
  readonly payloads: PayloadArena;
  readonly #owners = new Map<number, CollectionMemory>();
  #newest = NONE;
  #oldest = NONE;
  #count = 0;

  constructor(arena: SlabArena, account: MemoryAccount) {
    this.links = new Links(arena);
    this.payloads = new PayloadArena(account, (handle, offset) => this.links.set(handle, LINK.payload, offset));
  }

  get count(): number {
    return this.#count;
  }

  /** The least recently used vector's handle and its collection. */
  get oldest(): { collection: CollectionMemory; handle: number } | null {
    if (this.#oldest === NONE) return null;
    const collection = this.#owners.get(this.#oldest >> 12);
    if (!collection) throw new RangeError(`no collection owns handle ${this.#oldest}`);
    return { collection, handle: this.#oldest };
  }

  own(blockId: number, collection: CollectionMemory): void {
    this.#owners.set(blockId, collection);
  }

  disown(blockId: number): void {
    this.#owners.delete(blockId);
  }

  push(handle: number): void {
    this.links.set(handle, LINK.previous, NONE);
    this.links.set(handle, LINK.next, this.#newest);
    if (this.#newest === NONE) this.#oldest = handle;
    else this.links.set(this.#newest, LINK.previous, handle);
    this.#newest = handle;
    this.#count++;
  }

  unlink(handle: number): void {
    const previous = this.links.get(handle, LINK.previous);
    const next = this.links.get(handle, LINK.next);
    this.#join(previous, next);
    this.#count--;
  }

  touch(handle: number): void {
    if (handle === this.#newest) return;
    this.unlink(handle);
    this.push(handle);
  }

  /** The entry under `from` has been copied to `to`: whoever points at it follows. */
  moved(from: number, to: number): void {
    const previous = this.links.get(to, LINK.previous);
    const next = this.links.get(to, LINK.next);
    if (previous === NONE) this.#newest = to;
    else this.links.set(previous, LINK.next, to);
    if (next === NONE) this.#oldest = to;
    else this.links.set(next, LINK.previous, to);
    this.payloads.rename(this.links.get(from, LINK.payload), to);
  }

  #join(previous: number, next: number): void {
    if (previous === NONE) this.#newest = next;
    else this.links.set(previous, LINK.next, next);
    if (next === NONE) this.#oldest = previous;
    else this.links.set(next, LINK.previous, previous);
  }
}
