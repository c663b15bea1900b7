import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { MIB } from "../../shared/bytes.ts";
import { HeapPeak, watchCollections } from "./heap-peak.ts";

it("is the most that was committed since pages were given back", () => {
  let [committed, before] = [50, 0];
  const peak = new HeapPeak({ take: () => before }, () => committed);
  committed = 120;
  expect(peak.read()).toBe(120);
  committed = 60;
  expect(peak.read()).toBe(120);
  expect(peak.keptBytes()).toBe(60);
  before = 400;
  expect(peak.keptBytes()).toBe(340);
  peak.gaveBack();
  before = 0;
  expect(peak.keptBytes()).toBe(0);
  expect(peak.read()).toBe(60);
});

it("sees a heap that grew and was released between two looks at it, and forgets it when its pages are given back", () => {
  const script = `
    import { CollectionPeaks, HeapPeak } from "./lib/memory/sampling/heap-peak.ts";
    const collections = new CollectionPeaks();
    const peak = new HeapPeak(collections);
    gc();
    const before = peak.read();
    let kept = Array.from({ length: 400_000 }, (_, i) => ({ i, name: "name " + i, turns: [i, i, i, i] }));
    kept = null;
    gc();
    const after = peak.read();
    peak.gaveBack();
    console.log(JSON.stringify({ before, after, given: peak.read() }));
    collections.stop();`;
  const flags = ["--expose-gc", "--import", "tsx", "--input-type=module", "-e", script];
  const output = execFileSync(process.execPath, flags, {
    encoding: "utf8",
    timeout: 600_000,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const { before, after, given } = JSON.parse(output);
  expect(after - before).toBeGreaterThan(30 * MIB);
  expect(given).toBeLessThan(after - 30 * MIB);
});

it("is not told where V8 gives pages back by itself", () => {
  expect(watchCollections("11.3.244.8-node.38")).toBeNull();
  const collections = watchCollections("12.4.254.21-node.57");
  expect(collections).not.toBeNull();
  collections?.stop();
  expect(collections?.take()).toBe(0);
});
