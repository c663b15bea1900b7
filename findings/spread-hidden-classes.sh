#!/usr/bin/env bash
# V8 of Node 20: each object that is made by `{ ...row, more }` can have a hidden class of its own, also in warm code.
# 5,000 rows of one shape are spread by one function. On Node 20 the results have some 5,000 different hidden classes: each look at
# them misses its inline cache, and an object that is kept keeps its class. The same fields written one by one share one class, and
# on Node 24 the spread does as well.
# Versions: Node 20.20.2 (surprising), 24.21.0 (as expected).
# Output seen, changes of class from one object to the next: v20.20.2 spread 4,991–4,999, literal 0; v24.21.0 0 and 0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-20" node@20.20.2
npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-24" node@24.21.0

cat >check.mjs <<'EOF'
import { deepStrictEqual, ok } from "node:assert";

const row = (id) => ({ id, name: "name", version: 1, createdAt: id * 2, namespace: "default", timeout: 5 });
const spread = (row) => ({ ...row, seen: true });
const literal = ({ id, name, version, createdAt, namespace, timeout }) => ({
  id, name, version, createdAt, namespace, timeout, seen: true,
});

function changes(make) {
  for (let id = 0; id < 20_000; id++) make(row(id));
  let [last, changed] = [make(row(0)), 0];
  for (let id = 1; id <= 5_000; id++) {
    const next = make(row(id));
    if (!%HaveSameMap(last, next)) changed++;
    last = next;
  }
  return changed;
}

const seen = { spread: changes(spread), literal: changes(literal) };
console.log(process.version, seen);
deepStrictEqual(seen.literal, 0);
ok(process.argv[2] === "own" ? seen.spread > 4_500 : seen.spread < 10);
EOF

"node-20/node_modules/node/bin/node" --allow-natives-syntax check.mjs own
"node-24/node_modules/node/bin/node" --allow-natives-syntax check.mjs shared
