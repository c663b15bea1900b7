#!/usr/bin/env bash
# Node: a worker's `resourceLimits.maxYoungGenerationSizeMb` is ignored beside V8's own semi-space flags.
# The worker is told that its limit of 3 MB holds (`resourceLimits` reads 3), and without a flag it scavenges as such a heap does. With
# --min-semi-space-size=32 --max-semi-space-size=32 on the command line it hardly scavenges in the same work: V8's flags are the
# process's, and win in each isolate.
# So a process with a large young generation pays for it again in each of its threads.
# Version: Node 24.21.0 (20.20.2 and 22.23.3 too).
# Output seen, scavenges without and with the flag: 51 and 2; `resourceLimits` 3 each time.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0

cat >check.mjs <<'EOF'
import { deepStrictEqual, ok } from "node:assert";
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const code = `
const { PerformanceObserver, constants } = require("node:perf_hooks");
const { parentPort, resourceLimits } = require("node:worker_threads");
let scavenges = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) scavenges++;
}).observe({ entryTypes: ["gc"] });
let last;
async function work() {
  for (let round = 0; round < 200; round++) {
    for (let at = 0; at < 2000; at++) last = { list: [round, at], text: String(at) + "xxx" };
    await new Promise((done) => setImmediate(done));
  }
  await new Promise((done) => setTimeout(done, 200));
  parentPort.postMessage({ scavenges, limitMb: resourceLimits.maxYoungGenerationSizeMb });
}
work();
`;
const worker = new Worker(code, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 3 } });
const [{ scavenges, limitMb }] = await once(worker, "message");
const flag = process.execArgv.join(" ") || "no flag";
console.log(`${process.version}, ${flag}: limit ${limitMb} MB, ${scavenges} scavenges`);
deepStrictEqual(limitMb, 3);
ok(flag === "no flag" ? scavenges >= 20 : scavenges <= 5);
EOF

for version in 24; do
  "node-$version/node_modules/node/bin/node" check.mjs
  "node-$version/node_modules/node/bin/node" --min-semi-space-size=32 --max-semi-space-size=32 check.mjs
done
