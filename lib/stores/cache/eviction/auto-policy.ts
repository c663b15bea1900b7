import type { EvictionPolicy } from "./eviction-policy.ts";
import { MirroredPolicy } from "./mirrored-policy.ts";
import { SampledPolicy } from "./sampled-policy.ts";

/** Up to this many entries a store is judged on every request, a larger one on a sample. */
const MOST_MIRRORED = 2048;

export interface PolicySize {
  /** Slots to make now; up to `maxItems` may be asked for later. */
  slots: number;
  maxItems: number;
}

/** `auto`: LRU until a shadow of another policy shows it better on the store's own requests. */
export function createAutoPolicy({ slots, maxItems }: PolicySize, hashOf: (slot: number) => number): EvictionPolicy {
  return maxItems <= MOST_MIRRORED
    ? new MirroredPolicy(Math.max(1, maxItems))
    : new SampledPolicy({ slots, maxItems, hashOf });
}

export function autoPolicyBytes({ slots, maxItems }: PolicySize): number {
  return maxItems <= MOST_MIRRORED ? MirroredPolicy.bytesFor(Math.max(1, maxItems)) : SampledPolicy.bytesFor(slots);
}
