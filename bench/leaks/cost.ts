/** What the detector costs: CPU a sample, and heap held after 1,000 and after 100,000 samples. `node --expose-gc --import tsx bench/leaks/cost.ts` */
import { LeakDetector } from "../../lib/memory/leaks/leak-detector.ts";

const MIB = 2 ** 20;
const collect = globalThis.gc;
if (!collect) throw new Error("run with --expose-gc");
const held = () => {
  collect();
  return process.memoryUsage().heapUsed;
};

const before = held();
const detector = new LeakDetector();
const total = Number(process.argv[2] ?? 100_000);
let heldAt1000 = 0;
const cpu = process.cpuUsage();
for (let i = 0; i < total; i++) {
  const collected = i % 40 === 0;
  const noise = ((i * 7_919) % 997) / 997;
  detector.push({
    sequence: i,
    sampledAt: new Date(i * 30_000).toISOString(),
    process: {
      rssBytes: (150 + noise) * MIB,
      heapUsedBytes: (60 + (i % 40) * 0.4 + 4 * noise) * MIB,
      heapTotalBytes: 90 * MIB,
      externalBytes: (8 + noise) * MIB,
      arrayBuffersBytes: (6 + noise) * MIB,
    },
    gc: { heapUsedAfterMajorBytes: collected ? (58 + 2 * noise) * MIB : null },
    activity: { requests: Math.round(100 + 80 * noise) },
  });
  detector.wantsCollection();
  if (i === 1_000) heldAt1000 = held() - before;
}
const { user, system } = process.cpuUsage(cpu);
const perSampleUs = (user + system) / total;
console.log(
  `CPU ${perSampleUs.toFixed(0)} µs a sample: ${(perSampleUs / 300_000).toFixed(4)} % at 30 s, ${(perSampleUs / 2_000).toFixed(2)} % at 200 ms`,
);
console.log(
  `held after 1,000 samples ${(heldAt1000 / 1024).toFixed(0)} KiB, after ${total.toLocaleString("en-US")} ${((held() - before) / 1024).toFixed(0)} KiB; state ${detector.state}`,
);
