import { expect, it } from "vitest";
import { HeapPeak } from "./heap-peak.ts";

it("is the most that was committed since pages were given back", () => {
  let committed = 50;
  const peak = new HeapPeak(() => committed, "12.4.254.21-node.57");
  committed = 120;
  peak.note();
  committed = 60;
  expect(peak.read()).toBe(120);
  expect(peak.keptBytes()).toBe(60);
  peak.gaveBack();
  expect(peak.keptBytes()).toBe(0);
  expect(peak.read()).toBe(60);
});

it("is not told where V8 gives pages back by itself", () => {
  expect(new HeapPeak(() => 50, "11.3.244.8-node.38").read()).toBeUndefined();
});
