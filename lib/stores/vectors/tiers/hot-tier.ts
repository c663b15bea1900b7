import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { BlockArena } from "./block-arena.ts";
import { LINK, Links } from "./detail-plane.ts";
import { PayloadArena } from "./payload-arena.ts";
import type { UseOrder } from "./tenant.ts";

const NONE = -1;

/**
 * The hot vectors of each namespace in order of use: lists linked through the detail blocks, so every step is O(1) and costs no object.
 * A use is a vector written, or returned by a search; being scanned is none.
 */
export class HotTier<Collection> {
  readonly links: Links;
  readonly payloads: PayloadArena;
  readonly #owners = new Map<number, Collection>();
  #count = 0;

  constructor(arena: BlockArena, account: MemoryAccount) {
    this.links = new Links(arena);
    this.payloads = new PayloadArena(account, (handle, offset) => this.links.set(handle, LINK.payload, offset));
  }

  get count(): number {
    return this.#count;
  }

  /** The collection that `handle` is of. */
  ownerOf(handle: number): Collection {
    const collection = this.#owners.get(handle >> 12);
    if (!collection) throw new RangeError(`no collection owns handle ${handle}`);
    return collection;
  }

  own(blockId: number, collection: Collection): void {
    this.#owners.set(blockId, collection);
  }

  disown(blockId: number): void {
    this.#owners.delete(blockId);
  }

  push(order: UseOrder, handle: number): void {
    this.links.set(handle, LINK.previous, NONE);
    this.links.set(handle, LINK.next, order.newest);
    if (order.newest === NONE) order.oldest = handle;
    else this.links.set(order.newest, LINK.previous, handle);
    order.newest = handle;
    order.count++;
    this.#count++;
  }

  unlink(order: UseOrder, handle: number): void {
    const previous = this.links.get(handle, LINK.previous);
    const next = this.links.get(handle, LINK.next);
    if (previous === NONE) order.newest = next;
    else this.links.set(previous, LINK.next, next);
    if (next === NONE) order.oldest = previous;
    else this.links.set(next, LINK.previous, previous);
    order.count--;
    this.#count--;
  }

  touch(order: UseOrder, handle: number): void {
    if (handle === order.newest) return;
    this.unlink(order, handle);
    this.push(order, handle);
  }

  /** The entry under `from` has been copied to `to`: whoever points at it follows. */
  moved(order: UseOrder, from: number, to: number): void {
    const previous = this.links.get(to, LINK.previous);
    const next = this.links.get(to, LINK.next);
    if (previous === NONE) order.newest = to;
    else this.links.set(previous, LINK.next, to);
    if (next === NONE) order.oldest = to;
    else this.links.set(next, LINK.previous, to);
    this.payloads.rename(this.links.get(from, LINK.payload), to);
  }
}
