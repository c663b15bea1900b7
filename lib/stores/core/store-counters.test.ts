import { expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { StoreCounters } from "./store-counters.ts";

it("reports no ratio before the first look-up", () => {
  const { hitRatio, window } = new StoreCounters(new FakeClock()).snapshot();
  expect([hitRatio, window.hitRatio]).toEqual([null, null]);
});

it("forgets in the window what is five minutes old, and never in the lifetime", () => {
  const clock = new FakeClock();
  const counters = new StoreCounters(clock);
  counters.hit();
  clock.advance(200_000);
  counters.miss();
  counters.hit();
  expect(counters.snapshot().window).toEqual({ hits: 2, misses: 1, hitRatio: 2 / 3 });
  clock.advance(100_000);
  expect(counters.snapshot().window).toEqual({ hits: 1, misses: 1, hitRatio: 0.5 });
  clock.advance(3_600_000);
  expect(counters.snapshot()).toMatchObject({ hits: 2, misses: 1, window: { hits: 0, misses: 0, hitRatio: null } });
});

it("is not moved by the wall clock", () => {
  const clock = new FakeClock();
  const counters = new StoreCounters(clock);
  counters.hit();
  clock.jumpWall(3_600_000);
  expect(counters.snapshot().window.hits).toBe(1);
});

it("counts every push-out as an eviction, whether it was lost or spilled", () => {
  const counters = new StoreCounters(new FakeClock());
  counters.removed("evicted", 2);
  counters.removed("spilled", 3);
  counters.removed("expired");
  counters.removed("deleted");
  counters.reject();
  expect(counters.snapshot()).toMatchObject({
    evictions: 5,
    expirations: 1,
    rejections: 1,
    removals: { evicted: 2, spilled: 3, expired: 1, deleted: 1, replaced: 0 },
  });
});
