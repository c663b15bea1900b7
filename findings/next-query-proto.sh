#!/usr/bin/env bash
# Next: a query parameter called __proto__ does not reach the route handler; one called constructor does.
# `request.url` itself is rebuilt: of ?a=1&__proto__=2&constructor=3&b=4 three parameters are left.
# Version: next 16.4.5 (`next build`, `next start`, no configuration).
# Output seen: ?a=1&constructor=3&b=4
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
export const dynamic = "force-dynamic";
export function GET(request) {
  return new Response(new URL(request.url).search);
}
EOF
npx --no-install next build >build.log 2>&1 || { cat build.log; exit 1; }
port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
node node_modules/next/dist/bin/next start --hostname 127.0.0.1 --port "$port" >start.log 2>&1 &
server=$!
curl --silent --output /dev/null --retry 60 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/answer"
seen=$(curl --silent "http://127.0.0.1:$port/answer?a=1&__proto__=2&constructor=3&b=4")
echo "$seen"
[ "$seen" = "?a=1&constructor=3&b=4" ]
