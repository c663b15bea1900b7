import { SlotLists } from "../../core/slot-lists.ts";
import { SlotTable } from "../../core/slot-table.ts";
import type { EvictionPolicy, PolicyName } from "./eviction-policy.ts";
import { POLICY_NAMES } from "./eviction-policy.ts";
import { type Evidence, PolicyContest } from "./policy-contest.ts";
import { ShadowCache } from "./shadow-cache.ts";

/** Entries that the followed shadow does not hold (any more), those it evicted first at the tail. */
const STRAYS = 0;
/** Entries that it holds. */
const HELD = 1;

/** Little: a change costs no more than what the two hold apart, once, and changing back the same. */
const EVIDENCE: Evidence = { leastLead: 6, significance: 2.5 };

/**
 * `auto` of a store small enough to be judged on every request: LRU until a shadow of another policy shows it better on the
 * store's own requests; then that one, until another does.
 *
 * Three shadow caches of hashes see every request. The store has no order of its own: it mirrors the shadow that it follows,
 * by evicting what that one does not hold. After a change of policy each key that the new shadow holds is missed at most once,
 * however different the two were, and from then on the store holds exactly what it would have held under that policy from
 * the start. O(1) but for a change, which is O(entries).
 */
export class MirroredPolicy implements EvictionPolicy {
  readonly #shadows: readonly ShadowCache[];
  readonly #contest = new PolicyContest(POLICY_NAMES.length, EVIDENCE);
  readonly #lists: SlotLists;
  /** Residents by hash. Of two with the same one either may be found: which is evicted first is all that it decides. */
  readonly #residents: SlotTable;
  #followed: ShadowCache;
  #index = 0;
  #items = 0;
  /** How many entries the store held when it last had to evict: its true capacity, whichever bound makes it. */
  #capacity: number;
  readonly #onEvicted = (hash: number): void => {
    const slot = this.#residents.find(hash);
    if (slot >= 0) this.#move(slot, STRAYS);
  };

  constructor(slots: number) {
    this.#shadows = POLICY_NAMES.map((name) => new ShadowCache(name, slots));
    this.#lists = new SlotLists(slots, 2);
    this.#residents = new SlotTable(slots, false);
    this.#capacity = slots;
    this.#followed = this.#shadows[0] as ShadowCache;
    this.#followed.onEvicted = this.#onEvicted;
  }

  static bytesFor(slots: number): number {
    const shadows = POLICY_NAMES.reduce((sum, name) => sum + ShadowCache.bytesFor(name, slots), 0);
    return shadows + SlotLists.bytesFor(slots) + SlotTable.bytesFor(slots, false);
  }

  get name(): PolicyName {
    return this.#followed.name;
  }

  observe(hash: number): void {
    let hits = 0;
    for (let i = 0; i < this.#shadows.length; i += 1) {
      if ((this.#shadows[i] as ShadowCache).request(hash, this.#capacity)) hits |= 1 << i;
    }
    const better = this.#contest.record(hits, this.#index);
    if (better !== this.#index) this.#follow(better);
  }

  /** The shadows know by `observe`, and hold it now. */
  touch(slot: number): void {
    this.#move(slot, HELD);
  }

  rewrite(slot: number, hash: number): void {
    for (const shadow of this.#shadows) shadow.write(hash, this.#capacity);
    this.#move(slot, HELD);
  }

  insert(slot: number, hash: number): void {
    this.#items += 1;
    this.#residents.add(slot, hash);
    for (const shadow of this.#shadows) {
      // What was asked for before it was put is in the shadows already. To those that count uses that was the one; to LRU the later counts.
      if (shadow.name === "lru" || !shadow.has(hash)) shadow.write(hash, this.#capacity);
    }
    this.#lists.pushHead(HELD, slot);
  }

  evict(): number {
    this.#capacity = Math.max(1, this.#items);
    while (this.#lists.tail(STRAYS) < 0 && this.#followed.evictOne());
    // Where recency was shown to be the worse guide, as in a loop, what was used longest ago may well be wanted soonest.
    const stray = this.name === "lru" ? this.#lists.tail(STRAYS) : this.#lists.head(STRAYS);
    const victim = stray >= 0 ? stray : this.#lists.tail(HELD);
    if (victim >= 0) this.#forget(victim);
    return victim;
  }

  remove(slot: number, hash: number): void {
    this.#forget(slot);
    for (const shadow of this.#shadows) shadow.forget(hash);
  }

  *coldestFirst(): Iterable<number> {
    yield* this.#listed(STRAYS);
    const seen = new Set<number>();
    for (const [hash] of this.#followed.coldestFirst()) {
      const slot = this.#residents.find(hash);
      if (slot < 0 || this.#lists.listOf(slot) !== HELD) continue;
      seen.add(slot);
      yield slot;
    }
    for (const slot of this.#listed(HELD)) if (!seen.has(slot)) yield slot;
  }

  grow(slots: number): void {
    throw new RangeError(`made for as many entries as there can be, not for ${slots}`);
  }

  #follow(index: number): void {
    this.#followed.onEvicted = null;
    this.#followed = this.#shadows[index] as ShadowCache;
    this.#followed.onEvicted = this.#onEvicted;
    this.#index = index;
    for (const slot of [...this.#listed(STRAYS), ...this.#listed(HELD)]) {
      this.#move(slot, this.#followed.has(this.#residents.hashOf(slot)) ? HELD : STRAYS);
    }
  }

  #move(slot: number, list: number): void {
    this.#lists.remove(slot);
    this.#lists.pushHead(list, slot);
  }

  #forget(slot: number): void {
    this.#items -= 1;
    this.#residents.remove(slot);
    this.#lists.remove(slot);
  }

  *#listed(list: number): Generator<number> {
    for (let slot = this.#lists.tail(list); slot >= 0; slot = this.#lists.younger(slot)) yield slot;
  }
}
