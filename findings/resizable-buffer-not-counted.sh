#!/usr/bin/env bash
# Node 20 and 22: process.memoryUsage() does not count what a resizable ArrayBuffer grew by.
# A buffer made with 1 MiB of 64 and resized to 64 MiB holds 64 MiB of the process, as RSS shows. `external` says 1 and `arrayBuffers` 0.
# From Node 24 on `external` says 64; `arrayBuffers` still says 0. So a figure of a leak moves between "external" and "native" with the version.
# Versions: Node 22.23.3 (external 1; 20.20.2 too), 24.21.0 (external 64).
# Output seen, MiB: v22.23.3 {"external":1,"arrayBuffers":0}; v24.21.0 {"external":64,"arrayBuffers":0}; RSS 64 more in each.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-22" node@22.23.3
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0

cat >check.mjs <<'EOF'
import { deepStrictEqual, ok } from "node:assert";

const MIB = 2 ** 20;
const before = process.memoryUsage();
const buffer = new ArrayBuffer(MIB, { maxByteLength: 64 * MIB });
buffer.resize(64 * MIB);
new Uint8Array(buffer).fill(1);
const after = process.memoryUsage();
const grown = (name) => Math.round((after[name] - before[name]) / MIB);

console.log(process.version, { external: grown("external"), arrayBuffers: grown("arrayBuffers"), rss: grown("rss") });
deepStrictEqual([buffer.byteLength / MIB, grown("arrayBuffers")], [64, 0]);
ok(grown("rss") >= 60);
deepStrictEqual(grown("external"), Number(process.argv[2]));
EOF

"node-22/node_modules/node/bin/node" check.mjs 1
"node-24/node_modules/node/bin/node" check.mjs 64
