/** What an eviction policy is called in settings and statistics. */
export const POLICY_NAMES = ["lru", "s3-fifo", "tiny-lfu"] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/**
 * Decides which entry goes when room is needed. It knows entries as slot numbers and hashes; the store that owns it keeps
 * keys, values and bounds. Every call is O(1), amortized where a policy passes over entries that earned a second chance.
 */
export interface EvictionPolicy {
  /** The policy in force; `auto` answers the one it follows. */
  readonly name: PolicyName;
  /** Somebody asked for the key with this hash, resident or not; called before `touch` or `insert`. */
  observe(hash: number): void;
  /** A resident entry was used by the request that `observe` told of. */
  touch(slot: number): void;
  /** A resident entry was written again, which nobody had asked for: a use all the same. */
  rewrite(slot: number, hash: number): void;
  insert(slot: number, hash: number): void;
  /** Chooses a victim, forgets its slot and may remember its hash. -1 when there is no entry. */
  evict(hashOf: (slot: number) => number): number;
  /** The entry expired or was deleted: nothing is learned from that. */
  remove(slot: number, hash: number): void;
  /** Every resident slot, the one least worth keeping first. */
  coldestFirst(): Iterable<number>;
  grow(slots: number): void;
}

/** A policy whose order can be handed to another instance of it. */
export interface OrderedPolicy extends EvictionPolicy {
  /** Where in the policy's order a resident slot stands, for `place` in another instance; 0 is the coldest standing. */
  standing(slot: number): number;
  /** Takes over an entry with the standing that it had in another instance of the same policy. */
  place(slot: number, standing: number): void;
}
