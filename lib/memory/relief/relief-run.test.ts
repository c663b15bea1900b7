import { expect, it } from "vitest";
import type { StoreStats } from "../../contracts/memory.ts";
import type { BoundedStore, ReliefKind, ReliefStep } from "../../ports/bounded-store.ts";
import { planSteps } from "./relief-plan.ts";
import { predictSteps } from "./relief-run.ts";

/** A store of `bytes` whose steps see the same items: each tells what it could free if it were the only one. */
function overlapping(name: string, bytes: number, frees: Partial<Record<ReliefKind, number>>): BoundedStore {
  const relief = Object.entries(frees).map(([kind, freedBytes]): ReliefStep => {
    const predict = (target: number) => ({ items: 1, freedBytes: Math.min(freedBytes, target) });
    return { kind: kind as ReliefKind, predict, run: async (target) => predict(target) };
  });
  const stats = () => ({ store: name, bytes }) as StoreStats;
  return { name, component: "cache", stats, relief, sweep: async () => 0 };
}

it("predicts of one store at most what it holds, however its steps overlap", () => {
  const stores = [overlapping("cache", 100, { recompress: 60, evict: 95 }), overlapping("other", 10, { evict: 10 })];
  const steps = predictSteps(planSteps(stores), { neededBytes: 1_000, evictableBytes: 1_000 });
  expect(Object.fromEntries(steps.map(({ step, predictedFreedBytes }) => [step, predictedFreedBytes]))).toEqual({
    "recompress:cache": 60,
    "evict:cache": 40,
    "evict:other": 10,
  });
});
