#!/usr/bin/env bash
# Node: two Buffers over one resizable ArrayBuffer never share a hidden class, while two Uint8Arrays over it do.
# Code that takes such Buffers sees a new class with each one, and its inline caches miss. Buffers over memory of fixed length share one
# class as usual. Where a store hands out views of memory that grows, plain Uint8Arrays are the cheap ones.
# Versions: Node 20.20.2 and 24.21.0.
# Output seen: {"resizableBuffer":false,"resizableUint8Array":true,"fixedBuffer":true} in both.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-20" node@20.20.2
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";

const resizable = new ArrayBuffer(1024, { maxByteLength: 4096 });
const fixed = new ArrayBuffer(1024);
const isShared = (view) => {
  for (let at = 0; at < 1000; at++) view(at % 100);
  return %HaveSameMap(view(0), view(8));
};
const seen = {
  resizableBuffer: isShared((at) => Buffer.from(resizable, at, 8)),
  resizableUint8Array: isShared((at) => new Uint8Array(resizable, at, 8)),
  fixedBuffer: isShared((at) => Buffer.from(fixed, at, 8)),
};
console.log(process.version, JSON.stringify(seen));
deepStrictEqual(seen, { resizableBuffer: false, resizableUint8Array: true, fixedBuffer: true });
EOF

for version in 20 24; do
  "node-$version/node_modules/node/bin/node" --allow-natives-syntax check.mjs
done
