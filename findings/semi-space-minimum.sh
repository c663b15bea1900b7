#!/usr/bin/env bash
# V8: raising --max-semi-space-size does not save scavenges where garbage dies young; raising --min-semi-space-size too does.
# The young generation starts small and grows only for objects that survive. Requests whose objects die at once never make it grow, so
# a maximum of 64 MB changes next to nothing. With a minimum of 64 MB beside it, the process takes the same work with hardly a scavenge.
# Version: Node 24.21.0 (20.20.2 and 22.23.3 too).
# Output seen, scavenges by default, with the maximum, with both: 58, 57, 1. They vary by a half.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0

cat >check.mjs <<'EOF'
import { constants, PerformanceObserver } from "node:perf_hooks";

let scavenges = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) scavenges++;
}).observe({ entryTypes: ["gc"] });
let last;
for (let round = 0; round < 200; round++) {
  for (let at = 0; at < 2000; at++) last = { list: [round, at, round + at], text: `${at}xxx` };
  await new Promise((done) => setImmediate(done));
}
await new Promise((done) => setTimeout(done, 200));
console.log(last ? scavenges : 0);
EOF

for version in 24; do
  node="node-$version/node_modules/node/bin/node"
  default=$("$node" check.mjs)
  maximum=$("$node" --max-semi-space-size=64 check.mjs)
  both=$("$node" --min-semi-space-size=64 --max-semi-space-size=64 check.mjs)
  echo "Node $version: $default scavenges by default, $maximum with the maximum of 64 MB, $both with the minimum as well"
  [ "$default" -ge 10 ] && [ "$maximum" -ge 10 ] && [ "$both" -le 4 ]
done
