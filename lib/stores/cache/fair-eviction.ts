import type { Ask, Owner, Owners } from "../core/owners.ts";
import type { EntrySlots } from "./entry-slots.ts";
import type { EvictionPolicy } from "./eviction/eviction-policy.ts";

/** Entries within their namespace's share that are passed over before the policy is not asked any more. */
const MOST_PASSED = 16;

/**
 * Chooses who goes where namespaces share a store: the policy's victim, unless its namespace is within its share while another is
 * beyond. A passed one has its turn again later, as if it had just come. Where too many would be passed over, some entry of a
 * namespace beyond its share goes: a hand goes round the slots, so that this takes as many steps as there are namespaces, on average.
 */
export class FairEviction<V> {
  readonly owners: Owners;
  readonly ownerOf: (value: V) => Owner;
  #hand = 0;

  constructor(owners: Owners, ownerOf: (value: V) => Owner) {
    this.owners = owners;
    this.ownerOf = ownerOf;
  }

  /** Takes the victim's slot out of the policy, which has chosen `first`. */
  choose(first: number, slots: EntrySlots<V>, policy: EvictionPolicy, ask: Ask): number {
    if (first < 0 || this.owners.count < 2) return first;
    const hashOf = (slot: number) => slots.hash(slot);
    let slot = first;
    for (let passed = 0; passed < MOST_PASSED; passed += 1) {
      if (this.#mayGo(slots.value(slot), ask)) return slot;
      policy.insert(slot, hashOf(slot));
      slot = policy.evict(hashOf);
    }
    const found = this.#next(slots, ask);
    if (found < 0 || found === slot) return slot;
    policy.insert(slot, hashOf(slot));
    policy.remove(found, hashOf(found));
    return found;
  }

  #mayGo(value: V, ask: Ask): boolean {
    return this.owners.isBeyondShare(this.ownerOf(value), ask);
  }

  /** -1 when no namespace is beyond its share: all hold the same. */
  #next(slots: EntrySlots<V>, ask: Ask): number {
    for (let looked = 0; looked < slots.count; looked += 1) {
      this.#hand = (this.#hand + 1) % slots.count;
      if (slots.key(this.#hand) !== undefined && this.#mayGo(slots.value(this.#hand), ask)) return this.#hand;
    }
    return -1;
  }
}
