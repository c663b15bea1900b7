import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedStore, Relief, ReliefStep, Yielder } from "../../ports/bounded-store.ts";
import type { Embedder } from "../../ports/embedder.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { StoreCounters } from "../core/store-counters.ts";
import type { EmbeddingCache } from "./embedding-cache.ts";
import type { PassageIndex } from "./passage-index.ts";
import type { QueryCache } from "./query-cache.ts";
import type { RecentMessages } from "./recent-messages.ts";

/** Work of one slice, between two looks at the yielder. */
const SLICE_BYTES = 256 * 1024;

type Freeing = (targetBytes: number) => Relief;

/** A step whose store frees a little at a time: in slices, with the loop free in between. */
function slicedStep(kind: ReliefStep["kind"], predict: Freeing, free: Freeing): ReliefStep {
  return {
    kind,
    predict,
    async run(targetBytes: number, yielder: Yielder) {
      let items = 0;
      let freedBytes = 0;
      while (freedBytes < targetBytes) {
        const part = free(Math.min(SLICE_BYTES, targetBytes - freedBytes));
        if (part.items === 0 && part.freedBytes === 0) break;
        items += part.items;
        freedBytes += part.freedBytes;
        if (yielder.spent) await yielder.yield();
      }
      return { items, freedBytes };
    },
  };
}

/** The passages' vectors in memory. Dropping them loses nothing: the database has them, and the next question reads them. */
export function passageStore(name: string, index: PassageIndex, account: MemoryAccount): BoundedStore {
  return {
    name,
    component: "rag",
    stats: () => {
      const { rows, evictions, memoryScans, diskScans } = index.counters;
      return {
        ...emptyStats(name, "scopes asked last"),
        items: rows,
        bytes: index.bytes,
        maxBytes: account.ceilingBytes,
        hits: memoryScans,
        misses: diskScans,
        hitRatio: memoryScans + diskScans === 0 ? null : memoryScans / (memoryScans + diskScans),
        evictions,
        removals: { evicted: 0, expired: 0, replaced: 0, deleted: 0, spilled: evictions },
      };
    },
    relief: [
      slicedStep(
        "spill",
        (target) => index.predictEviction(target),
        (target) => index.evict(target),
      ),
    ],
    sweep: async () => 0,
  };
}

export function queryCacheStore(cache: QueryCache): BoundedStore {
  return {
    name: "query-cache",
    component: "rag",
    stats: () => ({
      ...emptyStats("query-cache", "lru"),
      ...cache.counters.snapshot(),
      items: cache.items,
      maxItems: cache.bounds.maxItems,
      bytes: cache.bytes,
      maxBytes: cache.bounds.maxBytes,
      ttlSeconds: cache.bounds.ttlMs / 1_000,
    }),
    relief: [
      {
        kind: "expire",
        predict: () => cache.entries.view.expired(),
        run: (targetBytes, yielder) => cache.entries.sweep(yielder, targetBytes),
      },
      slicedStep(
        "evict",
        (target) => cache.entries.predictEviction(target),
        (target) => cache.entries.evict(target),
      ),
    ],
    sweep: async (yielder) => (await cache.entries.sweep(yielder)).items,
    resize: ({ maxItems, maxBytes, ttlMs }) =>
      cache.resize({
        ...(maxItems === undefined ? {} : { maxItems }),
        ...(maxBytes === undefined ? {} : { maxBytes }),
        ...(ttlMs === undefined ? {} : { ttlMs }),
      }),
  };
}

export function conversationStore(recent: RecentMessages, spilledItems: () => number): BoundedStore {
  return {
    name: "conversations",
    component: "rag",
    stats: () => ({
      ...emptyStats("conversations", "newest"),
      ...recent.counters.snapshot(),
      items: recent.items,
      maxItems: recent.bounds.maxItems,
      bytes: recent.bytes,
      maxBytes: recent.bounds.maxBytes,
      spilledItems: spilledItems(),
    }),
    relief: [
      slicedStep(
        "spill",
        (target) => recent.predictSpill(target),
        (target) => recent.spill(target),
      ),
    ],
    sweep: async () => 0,
    resize: ({ maxItems, maxBytes }) =>
      recent.resize({
        ...(maxItems === undefined ? {} : { maxItems }),
        ...(maxBytes === undefined ? {} : { maxBytes }),
      }),
  };
}

/** The embedding model's helper process, and the vectors of texts embedded lately. */
export function embeddingStore(embedder: Embedder, cache: EmbeddingCache): BoundedStore {
  return {
    name: "embeddings",
    component: "embeddings",
    stats: () => ({
      ...emptyStats("embeddings", "lru"),
      ...cache.counters.snapshot(),
      items: cache.items,
      maxItems: cache.bounds.maxItems,
      bytes: cache.bytes,
      maxBytes: cache.bounds.maxBytes,
      spilledItems: cache.diskRows ?? 0,
    }),
    relief: [
      {
        // The helper's process: it starts again with the next text.
        kind: "compact",
        predict: () => ({ items: embedder.restableBytes() > 0 ? 1 : 0, freedBytes: embedder.restableBytes() }),
        run: async () => {
          const freedBytes = await embedder.rest();
          return { items: freedBytes > 0 ? 1 : 0, freedBytes };
        },
      },
      slicedStep(
        "spill",
        (target) => cache.entries.predictEviction(target),
        (target) => cache.entries.evict(target),
      ),
    ],
    sweep: async () => 0,
  };
}

const noClock: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  every: () => () => undefined,
  after: () => () => undefined,
};

function emptyStats(store: string, policy: string): StoreStats {
  const counted = new StoreCounters(noClock).snapshot();
  return {
    store,
    items: 0,
    maxItems: null,
    bytes: 0,
    maxBytes: null,
    ...counted,
    spilledItems: 0,
    ttlSeconds: null,
    policy,
  };
}
