#!/usr/bin/env bash
# V8: asking the sampling heap profiler for its profile runs a full collection first.
# HeapProfiler.getSamplingProfile reads what was sampled, and `stopSampling` is not called: nothing in its name or in the protocol's
# description tells of a collection. Each call is a major collection that stops the process, so a service that reads its profile on a timer pays a
# full collection each time. The good of it: what the profile lists is live.
# Version: Node 24.21.0 (20.20.2, 22.23.3 and 26.10.0 too).
# Output seen: 0 major collections before the call and 1 after it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import { Session } from "node:inspector/promises";
import { constants, PerformanceObserver } from "node:perf_hooks";

let majors = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majors++;
}).observe({ entryTypes: ["gc"] });
const pause = () => new Promise((done) => setTimeout(done, 200));
const session = new Session();
session.connect();
await session.post("HeapProfiler.startSampling", { samplingInterval: 524_288 });
await pause();
const before = majors;
await session.post("HeapProfiler.getSamplingProfile");
await pause();
console.log(process.version, { before, after: majors });
deepStrictEqual([before, majors], [0, 1]);
EOF

"node-24/node_modules/node/bin/node" check.mjs
