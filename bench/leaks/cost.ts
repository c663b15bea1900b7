/**
 * What leak detection costs: the detector, the always-on allocation sampler, and both. Fails when a goal (1 % of CPU, 8 MB, no growth) is missed.
 * `node --expose-gc --import tsx bench/leaks/cost.ts [SAMPLES] [ROUNDS]` (Linux: the scheduler's own clock is read)
 */

import { MIB } from "../../lib/shared/bytes.ts";
import { median } from "../../lib/shared/median.ts";
import { detectorCost, WINDOWS_FULL } from "./detector-cost.ts";
import { DENSER, samplerCost } from "./sampler-cost.ts";
import { samplerMemory } from "./sampler-memory.ts";

const collect = globalThis.gc;
if (!collect) throw new Error("run with --expose-gc");
const total = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 120);
if (total <= WINDOWS_FULL)
  throw new RangeError(`more than ${WINDOWS_FULL} samples, or growth cannot be told from filling`);
const mb = (bytes: number) => `${(bytes / MIB).toFixed(2)} MB`;
const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(2)} %`;

const detector = detectorCost(total, collect);
const detectorShare = detector.cpuUs / 30_000_000;
console.log(
  `detector  CPU ${detector.cpuUs.toFixed(0)} µs a sample: ${(detectorShare * 100).toFixed(4)} % of a core at 30 s`,
);
console.log(
  `          holds ${mb(detector.heldEarlyBytes)} after ${WINDOWS_FULL.toLocaleString("en-US")} samples, ${mb(detector.heldLateBytes)} after ${total.toLocaleString("en-US")}`,
);

const memory = await samplerMemory(total, collect);
console.log(
  `sampler   holds ${mb(memory.early.heapUsedBytes)} heap, ${mb(memory.early.nativeBytes)} outside it after 1,000 sampled allocations,`,
);
console.log(
  `          ${mb(memory.late.heapUsedBytes)} heap, ${mb(memory.late.nativeBytes)} outside it after ${total.toLocaleString("en-US")} (32 MB of them alive)`,
);

const cost = await samplerCost(rounds);
const shown = (ratios: readonly number[], times = 1) => {
  const [low, high] = interval(ratios).map((ratio) => percent(1 + (ratio - 1) / times));
  return `${percent(1 + (median(ratios) - 1) / times)}, 95 % interval of the median ${low} to ${high}`;
};
console.log(
  `          CPU over the same HTTP server without it (${(cost.allocatedPerRequestBytes / 1024).toFixed(0)} KB allocated a request): ${shown(cost.ratios)} (${cost.ratios.length} slices, in turns with as many without)`,
);
console.log(`          by ${DENSER} times as many samples, over ${DENSER}: ${shown(cost.denser, DENSER)}`);
console.log(`          slices without it in their place, for comparison: ${shown(cost.control)}`);

// The dense slices say it best: what the sampler costs goes with the samples. The usual ones must not contradict them.
const cpu = (median(cost.denser) - 1) / DENSER + detectorShare;
const contradicted = interval(cost.ratios)[0] - 1 >= 0.01;
const held = detector.heldLateBytes + Math.max(0, memory.late.nativeBytes);
const grown = Math.max(
  detector.heldLateBytes - detector.heldEarlyBytes,
  memory.late.heapUsedBytes - memory.early.heapUsedBytes,
);
console.log(
  `together  CPU ${(cpu * 100).toFixed(2)} % (goal < 1 %), memory ${mb(held)} (goal < 8 MB), grown by ${mb(grown)} between the two readings`,
);
if (cpu >= 0.01 || contradicted || held >= 8 * MIB || grown >= MIB) process.exitCode = 1;

/** Order statistics that hold the median with 95 % confidence, whatever the distribution. */
function interval(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const reach = 0.98 * Math.sqrt(sorted.length);
  const at = (rank: number) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
  return [at((sorted.length - 1) / 2 - reach), at((sorted.length - 1) / 2 + reach)];
}
