import { describe, expect, it } from "vitest";
import type { StoreStats } from "../../contracts/memory.ts";
import { MOST_MOMENTS, StoreRecorder } from "./store-history.ts";

const stats = (store: string, items: number): StoreStats => ({
  store,
  items,
  maxItems: 500,
  bytes: items * 10,
  maxBytes: null,
  hits: 3,
  misses: 1,
  hitRatio: 0.75,
  evictions: 0,
  expirations: 0,
  rejections: 0,
  spilledItems: 0,
  ttlSeconds: null,
  policy: "lru",
  removals: { evicted: 0, expired: 0, replaced: 0, deleted: 0, spilled: 0 },
  window: { hits: 1, misses: 1, hitRatio: 0.5 },
});

describe("history of the stores", () => {
  it("holds its bound after each of 2,000 samples, and keeps the newest", () => {
    const recorder = new StoreRecorder();
    for (let second = 1; second <= 2000; second++) {
      recorder.record(new Date(second * 1000).toISOString(), [stats("cache", second)]);
      expect(recorder.list().moments.length).toBeLessThanOrEqual(MOST_MOMENTS);
    }
    expect(recorder.list().moments.at(-1)?.stores[0]?.items).toBe(2000);
    expect(recorder.list().moments[0]?.stores[0]?.items).toBe(2001 - MOST_MOMENTS);
  });

  it("gives one store's figures alone, with the ratio of its window", () => {
    const recorder = new StoreRecorder();
    recorder.record("2026-01-01T00:00:00.000Z", [stats("sessions", 7), stats("cache", 2)]);
    expect(recorder.list("cache").moments).toEqual([
      {
        sampledAt: "2026-01-01T00:00:00.000Z",
        stores: [{ store: "cache", items: 2, bytes: 20, windowHitRatio: 0.5 }],
      },
    ]);
    expect(recorder.list("nobody").moments).toEqual([{ sampledAt: "2026-01-01T00:00:00.000Z", stores: [] }]);
  });
});
