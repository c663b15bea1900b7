#!/usr/bin/env bash
# Next: a route handler's Content-Encoding is dropped from its answer, and the encoded bytes are sent all the same.
# The handler answers gzip with `content-encoding: gzip` and an ETag. The client gets the gzip bytes as text/plain, the ETag, and no Content-Encoding,
# whether it asks for gzip or not: what it shows is not text. So a route handler must send what is not encoded.
# Version: next 16.4.5 (`next build`, `next start`, no configuration).
# Output seen: "content-encoding: none, etag: \"1\", first bytes: 1f8b".
set -euo pipefail

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" || true; rm -rf "$work"' EXIT
cd "$work"
echo '{ "private": true }' >package.json
npm install --silent --no-audit --no-fund next@16.4.5 react@19.3.1 react-dom@19.3.1
export NEXT_TELEMETRY_DISABLED=1

mkdir -p app/answer
cat >app/layout.js <<'EOF'
export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
EOF
cat >app/answer/route.js <<'EOF'
import { gzipSync } from "node:zlib";

export const dynamic = "force-dynamic";
export function GET() {
  const headers = { "content-type": "text/plain", "content-encoding": "gzip", etag: `"1"` };
  return new Response(gzipSync("hello ".repeat(400)), { headers });
}
EOF
npx --no-install next build >build.log 2>&1 || { cat build.log; exit 1; }
port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
node node_modules/next/dist/bin/next start --hostname 127.0.0.1 --port "$port" >start.log 2>&1 &
server=$!
curl --silent --output /dev/null --retry 60 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/answer"
curl --silent --dump-header headers --header "accept-encoding: gzip" --output body "http://127.0.0.1:$port/answer"
header() { grep -i "^$1:" headers | sed "s/^[^:]*: *//" | tr -d "\r" || true; }
encoding=$(header content-encoding)
first=$(od -An -tx1 -N2 body | tr -d " \n")
echo "content-encoding: ${encoding:-none}, etag: $(header etag), first bytes: $first"
[ -z "$encoding" ] && [ "$first" = 1f8b ] && [ "$(header etag)" = "\"1\"" ]
