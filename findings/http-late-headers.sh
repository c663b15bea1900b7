#!/usr/bin/env bash
# Node's HTTP server: a request whose headers have all arrived is answered 408 when the event loop was busy for longer than headersTimeout.
# The time counts from the connection on, and is checked by a timer. After a long turn of the loop that timer runs
# before the sockets are read: the server's own lateness is laid at the client's door. One would expect the waiting bytes to be read first.
# What follows: under load a short headersTimeout, set against slow clients, fails fast ones. Callers see 408, or a closed connection, for a request they sent whole.
# Versions: Node 20.20.2, 22.23.3 and 24.21.0, the same in each.
# Output seen, on 20 and 22: {"idle":"HTTP/1.1 200 OK","busy":"HTTP/1.1 408 Request Timeout"}; on 24 sometimes "busy":"ECONNRESET".
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for version in 20.20.2 22.23.3 24.21.0; do
  npm install --silent --ignore-scripts=false --no-audit --no-fund --prefix "node-$version" "node@$version"
done

cat >check.mjs <<'EOF'
import { match, strictEqual } from "node:assert";
import { once } from "node:events";
import { createServer } from "node:http";
import net from "node:net";

const server = createServer({ headersTimeout: 1_000, requestTimeout: 0, connectionsCheckingInterval: 100 });
server.on("request", (_request, response) => response.end("read"));
await once(server.listen(0, "127.0.0.1"), "listening");

/** Sends a whole request at once; while it waits in the kernel, the loop is busy for so long. */
async function ask(busyMs) {
  const socket = net.connect(server.address().port, "127.0.0.1");
  await Promise.all([once(server, "connection"), once(socket, "connect")]);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const until = performance.now() + busyMs;
  while (performance.now() < until);
  const chunks = [];
  try {
    for await (const chunk of socket) chunks.push(chunk);
  } catch (error) {
    // The server closes with the request unread, so that its answer may be lost on the way.
    if (chunks.length === 0) return error.code;
  }
  return Buffer.concat(chunks).toString().split("\r\n")[0];
}

const seen = { idle: await ask(0), busy: await ask(3_000) };
server.close();
console.log(process.version, JSON.stringify(seen));
strictEqual(seen.idle, "HTTP/1.1 200 OK");
match(seen.busy, /^HTTP\/1\.1 408 |^ECONNRESET$/);
EOF

for version in 20.20.2 22.23.3 24.21.0; do "node-$version/node_modules/node/bin/node" check.mjs; done
