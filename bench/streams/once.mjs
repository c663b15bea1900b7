// One contestant in a process of its own: CPU, time and peak memory of that alone.
import { statSync } from "node:fs";
import { PACKAGES, RACES } from "./contestants.mjs";

const [, , race, name, file] = process.argv;
const run = RACES[race].runs[name];
if (Object.hasOwn(PACKAGES, name)) await import(PACKAGES[name]);
globalThis.gc?.();
const idleBytes = process.memoryUsage.rss();
let peakBytes = idleBytes;
const poll = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 5);
const before = process.cpuUsage();
const startedMs = performance.now();
const records = await run(file);
const wallMs = performance.now() - startedMs;
const { user, system } = process.cpuUsage(before);
clearInterval(poll);
peakBytes = Math.max(peakBytes, process.memoryUsage.rss(), process.resourceUsage().maxRSS * 1024);
const megabytes = statSync(file).size / 1e6;
process.stdout.write(
  JSON.stringify({
    records,
    perCpuSecond: megabytes / ((user + system) / 1e6),
    perSecond: megabytes / (wallMs / 1000),
    riseMb: (peakBytes - idleBytes) / 1e6,
  }),
);
