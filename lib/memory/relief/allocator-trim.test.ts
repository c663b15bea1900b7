import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { AllocatorTrim } from "./allocator-trim.ts";

/** An allocator that keeps `free` bytes, of which the pages of a `share` go back. */
function newProcess(share: number) {
  const clock = new FakeClock();
  const seen = { free: 0, resident: 0, loads: 0, trims: 0 };
  const trim = new AllocatorTrim({
    clock,
    rssBytes: () => 100 * MIB + seen.resident,
    watchLoop: () => () => 7,
    async load() {
      seen.loads += 1;
      return {
        freeBytes: () => seen.free,
        async trim() {
          seen.trims += 1;
          seen.resident *= 1 - share;
        },
      };
    },
  });
  const free = (bytes: number) => {
    seen.free += bytes;
    seen.resident += bytes;
  };
  return { clock, seen, trim, free };
}

it("is loaded once, and only when it is needed", async () => {
  const { seen, trim, free } = newProcess(1);
  free(100 * MIB);
  expect([trim.pays(0, true), trim.predict().freedBytes, seen.loads]).toEqual([false, 0, 0]);
  await trim.prepare();
  await trim.prepare();
  expect([trim.pays(0, true), seen.loads]).toEqual([true, 1]);
});

it("asks for nothing twice: what a trim could not give back is not promised by the next", async () => {
  const { clock, seen, trim, free } = newProcess(0.5);
  await trim.prepare();
  free(100 * MIB);
  expect(trim.predict().freedBytes).toBe(70 * MIB);
  expect(await trim.run()).toMatchObject({ freedBytes: 50 * MIB, pauseMs: 7 });
  expect([trim.predict().freedBytes, trim.pays(0, true)]).toEqual([0, false]);
  free(40 * MIB);
  expect(trim.predict()).toEqual({ freedBytes: 20 * MIB, pauseMs: 7 });
  expect([trim.pays(0, true), trim.pays(0, false)]).toEqual([true, false]);
  clock.advance(10_000);
  expect(trim.pays(0, false)).toBe(true);
  expect(seen.trims).toBe(1);
});

it("is no step where the C library cannot be asked", async () => {
  const trim = new AllocatorTrim({ clock: new FakeClock(), rssBytes: () => 0, load: async () => null });
  await trim.prepare();
  expect([trim.pays(100 * MIB, true), trim.predict()]).toEqual([false, { freedBytes: 0, pauseMs: 0 }]);
  expect((await trim.run()).freedBytes).toBe(0);
});

/** The version of glibc in use; none on other systems and with another C library. */
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };

it.runIf(header.glibcVersionRuntime !== undefined)(
  "gives back what glibc keeps behind small blocks that are still in use",
  () => {
    const script = `
      import { AllocatorTrim, loadGlibc } from "./lib/memory/relief/allocator-trim.ts";
      import { collectAndGiveBack } from "./lib/memory/relief/collector.ts";
      const rssBytes = () => process.memoryUsage.rss();
      const trim = new AllocatorTrim({ clock: { monotonicMs: () => performance.now() }, rssBytes, load: loadGlibc });
      await trim.prepare();
      let blocks = Array.from({ length: 120_000 }, () => Buffer.allocUnsafeSlow(1_000).fill(1));
      globalThis.kept = blocks.filter((_, at) => at % 500 === 0);
      blocks = null;
      await collectAndGiveBack();
      // V8 frees dead buffers on a thread of its own, in its own time, and it is not waited for without end.
      for (let turn = 0; turn < 10_000 && trim.predict().freedBytes <= 50 * 2 ** 20; turn++)
        await new Promise((done) => setTimeout(done, 20));
      const before = rssBytes();
      const predicted = trim.predict().freedBytes;
      const { freedBytes } = await trim.run();
      console.log(JSON.stringify({ before, predicted, freedBytes, after: rssBytes(), kept: kept.every((block) => block[999] === 1) }));`;
    const output = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 600_000,
      env: { ...process.env, MALLOC_MMAP_THRESHOLD_: "131072", NODE_OPTIONS: "" },
    });
    const { predicted, freedBytes, kept } = JSON.parse(output);
    expect(kept).toBe(true);
    expect(freedBytes).toBeGreaterThan(70 * MIB);
    expect(predicted).toBeGreaterThan(50 * MIB);
  },
);
