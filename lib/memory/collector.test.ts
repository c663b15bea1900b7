import { expect, it } from "vitest";
import { MIB } from "../shared/bytes.ts";
import { FakeClock } from "../shared/fake-clock.ts";
import { FullCollector } from "./collector.ts";

/** A heap on which `aliveShare` of what is allocated lives on, in a process that holds 100 MiB beside it. */
function newHeap(aliveShare: number, pauseMs = 0) {
  const clock = new FakeClock();
  const heap = { live: 50 * MIB, pages: 50 * MIB };
  const collector = new FullCollector({
    clock,
    rssBytes: () => 100 * MIB + heap.pages,
    heapBytes: () => heap.pages,
    heapUsed: () => heap.pages,
    heapUsedAfterMajor: () => heap.live,
    async collect() {
      heap.live += (heap.pages - heap.live) * aliveShare;
      heap.pages = heap.live;
      return pauseMs;
    },
  });
  const collect = async () => {
    const collection = collector.run();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    clock.advance(50);
    return collection;
  };
  return { clock, heap, collector, collect };
}

it.each([0.1, 0.5, 0.9])(
  "predicts within 15 %% once it has seen a few collections, where %s of what is new stays",
  async (aliveShare) => {
    const { heap, collector, collect } = newHeap(aliveShare);
    for (let round = 0; round < 5; round++) {
      heap.pages += 40 * MIB;
      const predicted = collector.predict().freedBytes;
      const { freedBytes } = await collect();
      if (round === 4) expect(Math.abs(predicted / freedBytes - 1)).toBeLessThan(0.15);
    }
  },
);

it("learns nothing from a collection that had nothing to find", async () => {
  const { heap, collector, collect } = newHeap(0.5);
  await collect();
  heap.pages += 40 * MIB;
  expect(collector.predict().freedBytes).toBe(20 * MIB);
});

it("tells the pause beforehand, from what is alive and how long earlier ones took", async () => {
  const { heap, collector, collect } = newHeap(0, 100);
  expect(collector.predict().pauseMs).toBeGreaterThan(0);
  for (let round = 0; round < 6; round++) {
    heap.pages += 40 * MIB;
    expect((await collect()).pauseMs).toBe(100);
  }
  expect(collector.predict().pauseMs).toBeGreaterThan(90);
  expect(collector.predict().pauseMs).toBeLessThan(110);
});

it("pays from 8 MiB on, and a person waits 5 s for the next where the machine waits a minute", async () => {
  const { clock, heap, collector, collect } = newHeap(0);
  heap.pages += 15 * MIB;
  expect(collector.pays(0, true)).toBe(false);
  expect(collector.pays(MIB, true)).toBe(true);
  await collect();
  heap.pages += 40 * MIB;
  expect(collector.pays(0, true)).toBe(false);
  clock.advance(5_000);
  expect([collector.pays(0, true), collector.pays(0, false)]).toEqual([true, false]);
  clock.advance(55_000);
  expect(collector.pays(0, false)).toBe(true);
});
