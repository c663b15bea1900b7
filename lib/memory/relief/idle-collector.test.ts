import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { IdleCollector } from "./idle-collector.ts";

/** A heap of 40 MiB that collections of `pauseMs` bring back to 40, and an event loop as busy as the test says. */
function newProcess({ pauseMs = 100, fails = false } = {}) {
  const clock = new FakeClock();
  const seen = {
    heapBytes: 40 * MIB,
    keptBytes: 0,
    busyShare: 0,
    calls: 0,
    refusals: 0,
    collectedAtMs: [] as number[],
    errors: 0,
  };
  let pausedMs = 0;
  const collector = new IdleCollector({
    clock: { monotonicMs: () => clock.monotonicMs() + pausedMs, every: (ms, run) => clock.every(ms, run) },
    calls: () => seen.calls,
    refusals: () => seen.refusals,
    busyShare: () => seen.busyShare,
    heapBytes: () => seen.heapBytes,
    ownBytes: () => seen.heapBytes + seen.keptBytes,
    async collect() {
      seen.collectedAtMs.push(clock.monotonicMs());
      pausedMs += pauseMs;
      if (fails) throw new Error("no inspector");
      seen.heapBytes = 40 * MIB;
      seen.keptBytes = 0;
    },
    onError: () => {
      seen.errors++;
    },
  });
  const stop = collector.start();
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      clock.advance(500);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  };
  return { seen, pass, stop };
}

describe("IdleCollector", () => {
  it("collects once after a burst, when nobody has called for half a minute, and not while there is work", async () => {
    const { seen, pass } = newProcess();
    await pass(60_000);
    expect(seen.collectedAtMs).toEqual([31_500]);
    seen.busyShare = 0.2;
    seen.calls++;
    seen.heapBytes = 120 * MIB;
    await pass(60_000);
    expect(seen.collectedAtMs).toHaveLength(1);
    seen.busyShare = 0.01;
    await pass(60_000);
    expect(seen.collectedAtMs).toEqual([31_500, 122_000]);
  });

  it("comes for callers who never pause and are refused, ever more seldom where that does not help, and for no others", async () => {
    const { seen, pass } = newProcess();
    await pass(60_000);
    let collections = seen.collectedAtMs.length;
    let startedAtS = 60;
    seen.busyShare = 0.5;
    /** So many seconds of calls; when it was collected meanwhile, in seconds. */
    const callFor = async (seconds: number, refused: number) => {
      for (let second = 0; second < seconds; second++) {
        seen.calls++;
        seen.refusals += refused;
        // What traffic touches comes back at once.
        seen.keptBytes = 60 * MIB;
        await pass(1_000);
      }
      const atS = seen.collectedAtMs.slice(collections).map((atMs) => Math.round(atMs / 1_000) - startedAtS);
      collections = seen.collectedAtMs.length;
      startedAtS += seconds;
      return atS;
    };
    expect(await callFor(400, 1)).toEqual([1, 21, 61, 141, 301]);
    expect(await callFor(120, 0)).toEqual([]);
    // Another burst.
    expect((await callFor(30, 1)).length).toBe(2);
    // For four hours: one in sixteen minutes at last.
    const times = await callFor(4 * 3_600, 1);
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBe(960);
  });

  it("does not lengthen its gap by looks that found nothing worth collecting", async () => {
    const { seen, pass } = newProcess();
    await pass(60_000);
    seen.busyShare = 0.5;
    for (let second = 0; second < 200; second++) {
      seen.calls++;
      seen.refusals++;
      await pass(1_000);
    }
    expect(seen.collectedAtMs).toHaveLength(1);
    for (let second = 0; second < 30; second++) {
      seen.calls++;
      seen.refusals++;
      seen.keptBytes = 60 * MIB;
      await pass(1_000);
    }
    expect(seen.collectedAtMs).toHaveLength(3);
  });

  it("comes for what the allocator keeps, too: a heap that has not grown is not all that a burst leaves", async () => {
    const { seen, pass } = newProcess();
    await pass(60_000);
    seen.calls++;
    seen.keptBytes = 23 * MIB;
    await pass(60_000);
    expect(seen.collectedAtMs).toHaveLength(1);
    seen.keptBytes = 24 * MIB;
    await pass(60_000);
    expect(seen.collectedAtMs).toHaveLength(2);
  });

  it("stops nobody: not while a call comes every half minute or so, however little there is to do", async () => {
    const { seen, pass } = newProcess();
    for (let turn = 0; turn < 100; turn++) {
      seen.calls++;
      seen.heapBytes = 120 * MIB;
      await pass(29_500);
    }
    expect(seen.collectedAtMs).toEqual([]);
    await pass(30_000);
    expect(seen.collectedAtMs).toHaveLength(1);
  });

  it("leaves a heap alone that has touched less than 6 MiB since", async () => {
    const { seen, pass } = newProcess();
    await pass(60_000);
    seen.heapBytes = 40 * MIB + 6 * MIB - 1;
    await pass(600_000);
    expect(seen.collectedAtMs).toHaveLength(1);
  });

  it("takes a hundredth of the time at most, however fast the heap grows and however long each collection takes", async () => {
    for (const pauseMs of [50, 400, 2_000]) {
      const { seen, pass } = newProcess({ pauseMs });
      for (let second = 0; second < 3_600; second++) {
        await pass(1_000);
        seen.heapBytes += 20 * MIB;
      }
      expect(seen.collectedAtMs.length).toBeGreaterThan(10);
      expect(seen.collectedAtMs.length * pauseMs).toBeLessThanOrEqual(3_600_000 / 100);
    }
  });

  it("goes on after a collection that could not be made, as seldom as after any other", async () => {
    const { seen, pass } = newProcess({ fails: true });
    await pass(40_000);
    expect(seen.errors).toBe(1);
    expect(seen.collectedAtMs).toEqual([31_500]);
  });

  it("does nothing more once it is stopped", async () => {
    const { seen, pass, stop } = newProcess();
    stop();
    await pass(120_000);
    expect(seen.collectedAtMs).toEqual([]);
  });
});

describe("collectAndGiveBack", () => {
  it("brings back the pages of a young generation of 48 MB and of garbage on the old heap, where gc() keeps them", () => {
    const script = `
      import { collectAndGiveBack } from ${JSON.stringify(new URL("./collector.ts", import.meta.url).href)};
      const mib = () => process.memoryUsage.rss() / 2 ** 20;
      const start = mib();
      for (let round = 0; round < 40; round++) {
        let kept = [];
        for (let at = 0; at < 40_000; at++) kept.push({ at, text: "x" + at });
      }
      const full = mib();
      gc();
      const collected = mib();
      await collectAndGiveBack();
      await collectAndGiveBack();
      console.log(JSON.stringify([full - start, collected - start, mib() - start]));`;
    const flags = ["--expose-gc", "--min-semi-space-size=24", "--max-semi-space-size=32", "--import", "tsx"];
    const output = execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", script], {
      encoding: "utf8",
      timeout: 600_000,
    });
    const [full = 0, collected = 0, givenBack = 0] = JSON.parse(output) as number[];
    expect(full).toBeGreaterThan(40);
    expect(collected).toBeGreaterThan(20);
    expect(givenBack).toBeLessThan(10);
  });
});
