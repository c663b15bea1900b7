import { FreeSlots } from "../../core/free-slots.ts";
import { SlotTable } from "../../core/slot-table.ts";
import { createPolicy, policyBytes } from "./create-policy.ts";
import type { OrderedPolicy, PolicyName } from "./eviction-policy.ts";

/**
 * A cache of hashes without values, which answers what would have been if another policy had been in force.
 * Every miss counts as filled at once. Memory is fixed by `slots`.
 */
export class ShadowCache {
  readonly name: PolicyName;
  /** Called with what it releases to make room. */
  onEvicted: ((hash: number) => void) | null = null;
  readonly #policy: OrderedPolicy;
  readonly #table: SlotTable;
  readonly #free: FreeSlots;
  #items = 0;
  readonly #hashOf = (slot: number): number => this.#table.hashOf(slot);

  constructor(name: PolicyName, slots: number) {
    this.name = name;
    this.#policy = createPolicy(name, slots);
    this.#table = new SlotTable(slots, false);
    this.#free = new FreeSlots(new Uint32Array(slots));
  }

  static bytesFor(name: PolicyName, slots: number): number {
    return policyBytes(name, slots) + SlotTable.bytesFor(slots, false) + 4 * slots;
  }

  /** Asks for a key in a cache of `capacity` entries; true for a hit. */
  request(hash: number, capacity: number): boolean {
    this.#policy.observe(hash);
    const found = this.#table.find(hash);
    if (found >= 0) {
      this.#policy.touch(found);
      return true;
    }
    this.#insert(hash, capacity);
    return false;
  }

  /** The key is written without having been asked for. */
  write(hash: number, capacity: number): void {
    const found = this.#table.find(hash);
    if (found >= 0) this.#policy.rewrite(found, hash);
    else this.#insert(hash, capacity);
  }

  /** Releases what the policy thinks least worth keeping; false when there is nothing. */
  evictOne(): boolean {
    const slot = this.#policy.evict(this.#hashOf);
    if (slot < 0) return false;
    const hash = this.#table.hashOf(slot);
    this.#release(slot);
    this.onEvicted?.(hash);
    return true;
  }

  forget(hash: number): void {
    const slot = this.#table.find(hash);
    if (slot < 0) return;
    this.#policy.remove(slot, hash);
    this.#release(slot);
  }

  has(hash: number): boolean {
    return this.#table.find(hash) >= 0;
  }

  /** Hash and standing of all that the shadow holds, the least worth keeping first. */
  *coldestFirst(): Iterable<[hash: number, standing: number]> {
    for (const slot of this.#policy.coldestFirst()) yield [this.#table.hashOf(slot), this.#policy.standing(slot)];
  }

  #insert(hash: number, capacity: number): void {
    const most = Math.min(capacity, this.#table.slots);
    while (this.#items >= most) this.evictOne();
    this.#items += 1;
    const slot = this.#free.take();
    this.#table.add(slot, hash);
    this.#policy.insert(slot, hash);
  }

  #release(slot: number): void {
    this.#table.remove(slot);
    this.#free.give(slot);
    this.#items -= 1;
  }
}
