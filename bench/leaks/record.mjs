// Runs one scenario and prints the samples an outside observer would have taken, in the format
// that `npm run replay` reads: `node --expose-gc record.mjs NAME --seed 1 --ticks 240 --tick-ms 200`.
// With --asked it waits for a line on its input after each sample, and makes a collection where that says so, as the agent does.
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { GCProfiler } from "node:v8";
import { isHeldOut, scenarios } from "./scenarios.mjs";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const name = process.argv[2] ?? "";
const scenario = scenarios[name];
if (!scenario) throw new RangeError(`unknown scenario "${name}"; known: ${Object.keys(scenarios).join(", ")}`);
const ticks = option("ticks", 240);
const tickMs = option("tick-ms", 200);
const seed = option("seed", 1);
const silent = process.argv.includes("--silent");
const answers = process.argv.includes("--asked")
  ? createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  : null;

let state = Math.imul(seed + name.length * 7919, 2654435761) >>> 0 || 1;
const random = () => {
  state ^= state << 13;
  state >>>= 0;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state / 2 ** 32;
};
const pool = randomBytes(2 << 20);
const text = (kb) => {
  const n = Math.max(16, Math.floor(kb * 1024));
  const at = Math.floor(random() * (pool.length - n));
  return pool.toString("latin1", at, at + n);
};
const h = {
  ticks,
  random,
  text,
  int: (low, high) => low + Math.floor(random() * (high - low + 1)),
  pick: (list) => list[Math.floor(random() * list.length)],
  fraction: (i) => i / ticks,
  churn(load = 1) {
    let x = 0;
    for (let i = 0; i < 26 * load; i++)
      x += text(30 + 20 * random()).length + JSON.parse(`{"a":[1,2,{"b":"${i}"}]}`).a.length;
    return x;
  },
};
for (let k = 0; k < 50; k++) random();
h.onset = scenario.onset(h);
const tick = scenario.setup(h);
if (!silent)
  console.log(
    JSON.stringify({
      meta: {
        name,
        seed,
        label: scenario.label,
        channel: scenario.channel,
        onset: h.onset,
        group: isHeldOut(name) ? "programs written after tuning" : "programs it was tuned on",
        collections: answers ? "asked" : "natural",
      },
    }),
  );

let profiler = new GCProfiler();
profiler.start();
const warm = [];
let i = 0;
let next = Date.now();
async function loop() {
  if (i < 15) warm.push(text(150 + 150 * random()));
  const load = (await tick(i)) ?? 1;
  const process_ = process.memoryUsage();
  const majors = (profiler.stop()?.statistics ?? []).filter((s) => /MarkSweep|MarkCompact/i.test(s.gcType));
  profiler = new GCProfiler();
  profiler.start();
  if (!silent)
    console.log(
      JSON.stringify({
        sequence: i,
        sampledAt: new Date(Date.UTC(2026, 0, 5) + i * 30_000).toISOString(),
        process: {
          rssBytes: process_.rss,
          heapUsedBytes: process_.heapUsed,
          heapTotalBytes: process_.heapTotal,
          externalBytes: process_.external,
          arrayBuffersBytes: process_.arrayBuffers,
        },
        gc: {
          majorCount: majors.length,
          heapUsedAfterMajorBytes: majors.at(-1)?.afterGC.heapStatistics.usedHeapSize ?? null,
        },
        activity: { requests: Math.round(load * 100) },
      }),
    );
  if (++i >= ticks) {
    setTimeout(() => process.exit(0), 20);
    return;
  }
  if ((await answers?.next())?.value === "collect") globalThis.gc();
  next += tickMs;
  setTimeout(loop, Math.max(1, next - Date.now()));
}
setTimeout(loop, 50);
