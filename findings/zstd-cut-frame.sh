#!/usr/bin/env bash
# Node 22: a zstd frame that breaks off in the middle inflates to nothing, and no error is raised.
# The first half of a valid frame is what a broken download leaves. gunzip answers it with Z_BUF_ERROR, and so does zstd from Node 24
# on. On Node 22 zstdDecompressSync returns an empty buffer, and the stream emits `end`: a caller takes the file for an empty one.
# Versions: Node 22.23.3 (surprising), 24.21.0 (as expected).
# Output seen: v22.23.3 {"zstd":"0 bytes, no error","gzip":"Z_BUF_ERROR"}; v24.21.0 {"zstd":"Z_BUF_ERROR","gzip":"Z_BUF_ERROR"}.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-22" node@22.23.3
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import zlib from "node:zlib";

const text = Array.from({ length: 5000 }, (_, index) => (index * 7919) % 10007).join();
const half = (bytes) => bytes.subarray(0, bytes.length >> 1);

function inflate(decode, bytes) {
  try {
    return `${decode(bytes).length} bytes, no error`;
  } catch (error) {
    return error.code;
  }
}

const seen = {
  zstd: inflate(zlib.zstdDecompressSync, half(zlib.zstdCompressSync(text))),
  gzip: inflate(zlib.gunzipSync, half(zlib.gzipSync(text))),
};
console.log(process.version, JSON.stringify(seen));
deepStrictEqual(seen, { zstd: process.argv[2], gzip: "Z_BUF_ERROR" });
EOF

"node-22/node_modules/node/bin/node" check.mjs "0 bytes, no error"
"node-24/node_modules/node/bin/node" check.mjs Z_BUF_ERROR
