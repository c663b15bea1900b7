import { createPolicy, policyBytes } from "./create-policy.ts";
import type { EvictionPolicy, OrderedPolicy, PolicyName } from "./eviction-policy.ts";
import { POLICY_NAMES } from "./eviction-policy.ts";
import { type Evidence, PolicyContest } from "./policy-contest.ts";
import { ShadowCache } from "./shadow-cache.ts";

const SHADOW_SLOTS = 512;

/** More than a small store needs: what the sample leaves out is misplaced by a change, and has to be fetched again. */
const EVIDENCE: Evidence = { leastLead: 16, significance: 3 };

interface Entries {
  slots: number;
  /** More than `SHADOW_SLOTS`. */
  maxItems: number;
  hashOf: (slot: number) => number;
}

/**
 * `auto` of a large store: as `MirroredPolicy`, but the shadows are smaller than the store, and see the requests of a fixed
 * sample of keys, which keeps hit ratios (Waldspurger et al., "Cache modeling and optimization using miniature simulations",
 * ATC 2017). So the store has an order of its own. When it changes its policy, entries keep the standing that they have in the
 * new one's shadow, so that a change costs few misses.
 */
export class SampledPolicy implements EvictionPolicy {
  readonly #shadows: readonly ShadowCache[];
  readonly #contest = new PolicyContest(POLICY_NAMES.length, EVIDENCE);
  readonly #sampleBelow: number;
  readonly #sampleRatio: number;
  readonly #hashOf: (slot: number) => number;
  #live: OrderedPolicy;
  #liveIndex = 0;
  #slots: number;
  #items = 0;
  /** How many entries the store held when it last had to evict: its true capacity, whichever bound makes it. */
  #capacity: number;

  constructor({ slots, maxItems, hashOf }: Entries) {
    this.#shadows = POLICY_NAMES.map((name) => new ShadowCache(name, SHADOW_SLOTS));
    this.#sampleRatio = SHADOW_SLOTS / maxItems;
    this.#sampleBelow = this.#sampleRatio * 2 ** 24;
    this.#hashOf = hashOf;
    this.#live = createPolicy("lru", slots);
    this.#slots = slots;
    this.#capacity = maxItems;
  }

  static bytesFor(slots: number): number {
    const shadows = POLICY_NAMES.reduce((sum, name) => sum + ShadowCache.bytesFor(name, SHADOW_SLOTS), 0);
    return shadows + Math.max(...POLICY_NAMES.map((name) => policyBytes(name, slots)));
  }

  get name(): PolicyName {
    return this.#live.name;
  }

  observe(hash: number): void {
    this.#live.observe(hash);
    // The tables use the low bits of a hash, the sample the high ones.
    if (hash >>> 8 >= this.#sampleBelow) return;
    const capacity = Math.max(1, Math.round(this.#capacity * this.#sampleRatio));
    let hits = 0;
    for (let i = 0; i < this.#shadows.length; i += 1) {
      if ((this.#shadows[i] as ShadowCache).request(hash, capacity)) hits |= 1 << i;
    }
    const better = this.#contest.record(hits, this.#liveIndex);
    if (better !== this.#liveIndex) this.#follow(better);
  }

  touch(slot: number): void {
    this.#live.touch(slot);
  }

  rewrite(slot: number, hash: number): void {
    this.#live.rewrite(slot, hash);
  }

  insert(slot: number, hash: number): void {
    this.#items += 1;
    this.#live.insert(slot, hash);
  }

  evict(hashOf: (slot: number) => number): number {
    this.#capacity = Math.max(1, this.#items);
    const victim = this.#live.evict(hashOf);
    if (victim >= 0) this.#items -= 1;
    return victim;
  }

  remove(slot: number, hash: number): void {
    this.#items -= 1;
    this.#live.remove(slot, hash);
    for (const shadow of this.#shadows) shadow.forget(hash);
  }

  coldestFirst(): Iterable<number> {
    return this.#live.coldestFirst();
  }

  grow(slots: number): void {
    this.#slots = slots;
    this.#live.grow(slots);
  }

  /** O(entries), once per change of policy. What the shadow does not hold goes first. */
  #follow(index: number): void {
    const shadow = this.#shadows[index] as ShadowCache;
    const next = createPolicy(shadow.name, this.#slots);
    const shadowed = new Map<number, number>();
    for (const slot of this.#live.coldestFirst()) {
      const hash = this.#hashOf(slot);
      if (shadow.has(hash) && !shadowed.has(hash)) shadowed.set(hash, slot);
      else next.place(slot, 0);
    }
    for (const [hash, standing] of shadow.coldestFirst()) {
      const slot = shadowed.get(hash);
      if (slot !== undefined) next.place(slot, standing);
    }
    this.#live = next;
    this.#liveIndex = index;
  }
}
