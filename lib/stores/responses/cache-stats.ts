import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedEntries } from "../cache/bounded-entries.ts";

type Entries = Pick<BoundedEntries<unknown>, "items" | "maxItems" | "counters" | "policySetting" | "policyName">;

/** `auto (s3-fifo)` tells what `auto` follows now. */
const policyOf = ({ policySetting, policyName }: Entries): string =>
  policySetting === "auto" ? `auto (${policyName})` : policySetting;

export function cacheStats(
  entries: Entries,
  { bytes, maxBytes, ttlMs }: { bytes: number; maxBytes: number; ttlMs: number },
): StoreStats {
  const { items, maxItems, counters } = entries;
  return {
    store: "cache",
    items,
    maxItems,
    bytes,
    maxBytes,
    ...counters.snapshot(),
    spilledItems: 0,
    ttlSeconds: ttlMs / 1000,
    policy: policyOf(entries),
  };
}
