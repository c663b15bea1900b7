#!/usr/bin/env bash
# Node 24: what zstd inflates to depends on where the input is cut.
# Two zstd frames one after the other are one valid stream (RFC 8878, section 3: what `cat a.zst b.zst` makes).
# Given in one piece, Node decodes the first frame and drops the second: no error, and the stream ends as if it were whole.
# Given in two pieces, cut between the frames, it decodes both. Its gunzip decodes both either way. Node 26 decodes both.
# Versions: Node 24.21.0 (surprising; 22.23.3 does the same), 26.10.0 (as expected).
# Output seen: 24: {"onePiece":600,"twoPieces":1300,"sync":600,"gzip":1300}; 26: 1300 in each place.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-26" node@26.10.0

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import zlib from "node:zlib";

const texts = ["first ".repeat(100), "second ".repeat(100)];
const frames = texts.map((text) => zlib.zstdCompressSync(text));

async function inflate(pieces) {
  const decoder = zlib.createZstdDecompress();
  for (const piece of pieces) decoder.write(piece);
  decoder.end();
  let bytes = 0;
  for await (const chunk of decoder) bytes += chunk.length;
  return bytes;
}

const seen = {
  onePiece: await inflate([Buffer.concat(frames)]),
  twoPieces: await inflate(frames),
  sync: zlib.zstdDecompressSync(Buffer.concat(frames)).length,
  gzip: zlib.gunzipSync(Buffer.concat(texts.map((text) => zlib.gzipSync(text)))).length,
};
console.log(process.version, JSON.stringify(seen));
const dropped = Number(process.argv[2]);
deepStrictEqual(seen, { onePiece: dropped, twoPieces: 1300, sync: dropped, gzip: 1300 });
EOF

"node-24/node_modules/node/bin/node" check.mjs 600
"node-26/node_modules/node/bin/node" check.mjs 1300
