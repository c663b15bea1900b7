import { LRUCache } from "lru-cache";
import type { StoreStats } from "../../../lib/contracts/memory.ts";
import type { BoundedStore } from "../../../lib/ports/bounded-store.ts";

/** Live objects in lru-cache, bounded by count and age alone: it does not know what they weigh, so nothing is charged. */
export class LiveStore<Value extends object> implements BoundedStore {
  readonly name: "sessions" | "cache";
  readonly component: "sessions" | "cache";
  readonly relief = [];
  readonly entries: LRUCache<string, Value>;
  #hits = 0;
  #misses = 0;

  constructor(name: "sessions" | "cache", options: { max: number; ttl: number; updateAgeOnGet: boolean }) {
    this.name = name;
    this.component = name;
    this.entries = new LRUCache(options);
  }

  get(key: string): Value | undefined {
    const value = this.entries.get(key);
    if (value === undefined) this.#misses += 1;
    else this.#hits += 1;
    return value;
  }

  async sweep(): Promise<number> {
    return Number(this.entries.purgeStale());
  }

  stats(): StoreStats {
    const looks = this.#hits + this.#misses;
    const hitRatio = looks === 0 ? null : this.#hits / looks;
    return {
      store: this.name,
      items: this.entries.size,
      maxItems: this.entries.max,
      bytes: 0,
      maxBytes: 0,
      hits: this.#hits,
      misses: this.#misses,
      hitRatio,
      evictions: 0,
      expirations: 0,
      rejections: 0,
      spilledItems: 0,
      ttlSeconds: this.entries.ttl / 1000,
      policy: "lru",
      removals: { evicted: 0, expired: 0, replaced: 0, deleted: 0, spilled: 0 },
      window: { hits: this.#hits, misses: this.#misses, hitRatio },
    };
  }
}
