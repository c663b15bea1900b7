import { createPolicy, policyBytes } from "./create-policy.ts";
import type { EvictionPolicy, PolicyName } from "./eviction-policy.ts";
import { POLICY_NAMES } from "./eviction-policy.ts";
import { FrequencySketch } from "./frequency-sketch.ts";
import { PolicyContest } from "./policy-contest.ts";
import { ShadowCache } from "./shadow-cache.ts";
import { TinyLfuPolicy } from "./tiny-lfu.ts";

/** Up to this many entries a store is judged on every request. */
const FULL_SHADOW_SLOTS = 2048;
/** A larger one on a sample of its keys, in shadows as much smaller. */
const SAMPLED_SHADOW_SLOTS = 1024;

function shadowSlotsFor(maxItems: number): number {
  return maxItems <= FULL_SHADOW_SLOTS ? Math.max(1, maxItems) : SAMPLED_SHADOW_SLOTS;
}

interface Entries {
  slots: number;
  maxItems: number;
  hashOf: (slot: number) => number;
}

/**
 * LRU until a shadow of another policy shows it better on the store's own requests; then that one, until another does.
 *
 * Three shadow caches of hashes see every request (above 2,048 entries those of a fixed sample of keys, which keeps hit
 * ratios: Waldspurger et al., "Cache modeling and optimization using miniature simulations", ATC 2017). The entries of the
 * old order are handed to the new one with the standing that they have in its shadow, so that a change costs few misses.
 */
export class AutoPolicy implements EvictionPolicy {
  readonly #shadows: readonly ShadowCache[];
  readonly #contest = new PolicyContest(POLICY_NAMES.length);
  readonly #sampleBelow: number;
  readonly #sampleRatio: number;
  readonly #hashOf: (slot: number) => number;
  #live: EvictionPolicy;
  #liveIndex = 0;
  /**
   * Kept warm in small stores while another policy is followed: a change to TinyLFU with an empty sketch would admit anything.
   * A large store sees requests enough to learn anew.
   */
  #sketch: FrequencySketch;
  #keepsSketch: boolean;
  #slots: number;
  #items = 0;
  /** How many entries the store held when it last had to evict: its true capacity, whichever bound makes it. */
  #capacity: number;

  constructor({ slots, maxItems, hashOf }: Entries) {
    const shadowSlots = shadowSlotsFor(maxItems);
    this.#shadows = POLICY_NAMES.map((name) => new ShadowCache(name, shadowSlots));
    this.#sampleRatio = shadowSlots / maxItems;
    this.#sampleBelow = this.#sampleRatio * 2 ** 24;
    this.#hashOf = hashOf;
    this.#live = createPolicy("lru", slots);
    this.#sketch = new FrequencySketch(slots);
    this.#keepsSketch = this.#sampleRatio === 1;
    this.#slots = slots;
    this.#capacity = maxItems;
  }

  static bytesFor(slots: number, maxItems: number): number {
    const shadowSlots = shadowSlotsFor(maxItems);
    const shadows = POLICY_NAMES.reduce((sum, name) => sum + ShadowCache.bytesFor(name, shadowSlots), 0);
    // S3-FIFO's order is the largest; TinyLFU shares the sketch that is counted here.
    return shadows + policyBytes("s3-fifo", slots) + FrequencySketch.bytesFor(slots);
  }

  get name(): PolicyName {
    return this.#live.name;
  }

  observe(hash: number): void {
    if (this.#keepsSketch) this.#sketch.add(hash);
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

  standing(slot: number): number {
    return this.#live.standing(slot);
  }

  place(slot: number, standing: number): void {
    this.#items += 1;
    this.#live.place(slot, standing);
  }

  grow(slots: number): void {
    this.#slots = slots;
    this.#sketch = new FrequencySketch(slots);
    if (this.#live instanceof TinyLfuPolicy) this.#live.grow(slots, this.#sketch);
    else this.#live.grow(slots);
  }

  /** O(entries), once per change of policy. What the shadow does not hold goes first. */
  #follow(index: number): void {
    const name = POLICY_NAMES[index] as PolicyName;
    const shadow = this.#shadows[index] as ShadowCache;
    const next = name === "tiny-lfu" ? new TinyLfuPolicy(this.#slots, this.#sketch) : createPolicy(name, this.#slots);
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
    this.#keepsSketch = name === "tiny-lfu" || this.#sampleRatio === 1;
  }
}
