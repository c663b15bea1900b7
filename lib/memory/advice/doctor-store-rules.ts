import type { Recommendation, StoreStats } from "../../contracts/memory.ts";
import { formatBytes } from "../../shared/bytes.ts";
import { found, percent } from "./doctor-finding.ts";
import type { Observation, Rule } from "./doctor-observation.ts";

/** Settings that bound a store's items, and how an advised value is rounded. */
const ITEM_SETTINGS: Record<string, string> = {
  cache: "cacheMaxEntries",
  sessions: "maxSessions",
  "query-cache": "queryCacheEntries",
};
const MIN_LOOK_UPS = 100;
const LOW_HIT_RATIO = 0.5;

function lowHitRatio(store: StoreStats): Recommendation | null {
  const { hits, misses, hitRatio } = store.window;
  if (hitRatio === null || hits + misses < MIN_LOOK_UPS || hitRatio >= LOW_HIT_RATIO || store.evictions === 0)
    return null;
  const full = store.maxItems !== null && store.items >= 0.95 * store.maxItems;
  if (!full || store.maxItems === null) return null;
  const key = ITEM_SETTINGS[store.store];
  return found({
    rule: `hit-ratio-low:${store.store}`,
    severity: "warning",
    value: hitRatio,
    threshold: LOW_HIT_RATIO,
    cause: `In the last five minutes ${percent(hitRatio)} of ${hits + misses} lookups in ${store.store} were hits, and the store is full with ${store.items} entries.`,
    action: `Double the number of entries to ${store.maxItems * 2}; one entry takes ${formatBytes(store.bytes / Math.max(1, store.items))}.`,
    expected: `More hits for at most ${formatBytes(store.bytes)} more.`,
    panel: store.store,
    ...(key ? { setting: { key, value: store.maxItems * 2 } } : {}),
  });
}

const FULL_RATIO = 0.95;

function refusingStore(store: StoreStats): Recommendation | null {
  const byItems = store.maxItems ? store.items / store.maxItems : 0;
  const byBytes = store.maxBytes ? store.bytes / store.maxBytes : 0;
  const fill = Math.max(byItems, byBytes);
  if (fill < FULL_RATIO || store.rejections === 0) return null;
  const key = ITEM_SETTINGS[store.store];
  const raise = byItems >= byBytes && store.maxItems !== null && key;
  return found({
    rule: `store-full:${store.store}`,
    severity: "warning",
    value: fill,
    threshold: FULL_RATIO,
    cause: `${store.store} is at ${percent(fill)} of its bound and has refused ${store.rejections} items.`,
    action: "Raise its bound, or shorten the lifetime of its items.",
    expected: "No refused items.",
    panel: store.store,
    ...(raise && store.maxItems !== null ? { setting: { key, value: store.maxItems * 2 } } : {}),
  });
}

const IDLE_SHARE = 0.05;

function idleCache(store: StoreStats, { sample }: Observation): Recommendation | null {
  if (!["cache", "query-cache"].includes(store.store)) return null;
  const share = store.bytes / sample.limitBytes;
  if (share < IDLE_SHARE || store.hits > 0 || store.misses < MIN_LOOK_UPS) return null;
  return found({
    rule: `never-hit:${store.store}`,
    severity: "info",
    value: store.hits,
    threshold: 1,
    cause: `${store.store} holds ${formatBytes(store.bytes)} and none of ${store.misses} lookups was a hit.`,
    action: "Check that readers and writers use the same keys, or lower its maximum size.",
    expected: "Hits, or less memory in use.",
    panel: store.store,
  });
}

/** What is looked at in each store by itself. */
export const storeRules: Rule = (observation) =>
  observation.stores.flatMap((store) =>
    [lowHitRatio(store), refusingStore(store), idleCache(store, observation)].filter((finding) => finding !== null),
  );
