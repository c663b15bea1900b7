import { expect, it } from "vitest";
import { MIB } from "../shared/bytes.ts";
import { FakeClock } from "../shared/fake-clock.ts";
import { FullCollector } from "./collector.ts";

/** A heap on which `aliveShare` of what is allocated lives on. */
function newHeap(aliveShare: number) {
  const clock = new FakeClock();
  const heap = { live: 50 * MIB, used: 50 * MIB };
  const collector = new FullCollector({
    clock,
    heapUsed: () => heap.used,
    heapUsedAfterMajor: () => heap.live,
    gc: () => {
      heap.live += (heap.used - heap.live) * aliveShare;
      heap.used = heap.live;
    },
  });
  const collect = async () => {
    const collection = collector.collect();
    clock.advance(50);
    return (await collection).freedBytes;
  };
  return { clock, heap, collector, collect };
}

it.each([0.1, 0.5, 0.9])(
  "predicts within 15 %% once it has seen a few collections, where %s of what is new stays",
  async (aliveShare) => {
    const { heap, collector, collect } = newHeap(aliveShare);
    for (let round = 0; round < 5; round++) {
      heap.used += 40 * MIB;
      const predicted = collector.garbageBytes();
      const freed = await collect();
      if (round === 4) expect(Math.abs(predicted / freed - 1)).toBeLessThan(0.15);
    }
  },
);

it("learns nothing from a collection that had nothing to find", async () => {
  const { heap, collector, collect } = newHeap(0.5);
  await collect();
  heap.used += 40 * MIB;
  expect(collector.garbageBytes()).toBe(20 * MIB);
});

it("pays from 8 MiB on, and a person waits 5 s for the next where the machine waits a minute", async () => {
  const { clock, heap, collector, collect } = newHeap(0);
  heap.used += 15 * MIB;
  expect(collector.pays(0, true)).toBe(false);
  expect(collector.pays(MIB, true)).toBe(true);
  await collect();
  heap.used += 40 * MIB;
  expect(collector.pays(0, true)).toBe(false);
  clock.advance(5_000);
  expect([collector.pays(0, true), collector.pays(0, false)]).toEqual([true, false]);
  clock.advance(55_000);
  expect(collector.pays(0, false)).toBe(true);
});
