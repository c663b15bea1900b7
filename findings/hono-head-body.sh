#!/usr/bin/env bash
# Hono: the answer to HEAD drops the body of the GET handler without cancelling it.
# A HEAD request runs the GET handler, and the Response is made again with no body. If that body is a stream, nobody reads it and nobody cancels it:
# its `cancel` is never called, so what stands behind it (a file, a cursor, a timer) stays open. A handler has to look for HEAD itself.
# Version: hono 4.13.19.
# Output seen: {"status":200,"hasBody":false,"cancelled":0}; the same stream cancelled by hand counts 1.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund hono@4.13.19

cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import { Hono } from "hono";

let cancelled = 0;
const makeBody = () =>
  new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(16)),
    cancel: () => void cancelled++,
  });
const app = new Hono();
app.get("/numbers", (context) => context.body(makeBody()));

const answer = await app.request("/numbers", { method: "HEAD" });
await new Promise((done) => setTimeout(done, 300));
const seen = { status: answer.status, hasBody: answer.body !== null, cancelled };
console.log(JSON.stringify(seen));
deepStrictEqual(seen, { status: 200, hasBody: false, cancelled: 0 });
await (await app.request("/numbers")).body.cancel();
deepStrictEqual(cancelled, 1);
EOF

node check.mjs
