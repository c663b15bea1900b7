#!/usr/bin/env bash
# ioredis: a command whose answer has arrived is rejected as timed out when the event loop was busy for longer than `commandTimeout`.
# The timer of the deadline runs before the socket is read, so a pause of the caller's own process is told as a silence of the server: the command was
# answered within a millisecond. One would expect the answer that lies in the socket. Whoever opens a circuit breaker on such errors opens it for
# every pause of 500 ms. A deadline that counts turns of the loop (a timer that is set again a few times) lets the socket be read in between.
# Version: ioredis 6.0.0, Node 20.20.
# Output seen: {"outcome":"Command timed out","answeredWithinMs":true}
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund ioredis@6.0.0

# A server that speaks enough of the protocol, in a process of its own: it goes on while the client is busy.
cat >server.mjs <<'EOF'
import net from "node:net";

const server = net.createServer((socket) => {
  socket.on("data", (chunk) => {
    const receivedMs = Date.now();
    for (const command of chunk.toString().split(/(?=\*\d+\r\n)/)) {
      if (/ECHO/i.test(command)) {
        socket.write("+hello\r\n", () => process.send({ tookMs: Date.now() - receivedMs }));
      } else if (/HELLO/i.test(command)) socket.write("-ERR unknown command\r\n");
      else socket.write("+OK\r\n");
    }
  });
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
EOF
cat >check.mjs <<'EOF'
import { deepStrictEqual } from "node:assert";
import { fork } from "node:child_process";
import { once } from "node:events";
import Redis from "ioredis";

const server = fork("./server.mjs");
const [{ port }] = await once(server, "message");
const redis = new Redis({ port, host: "127.0.0.1", protocol: 2, enableReadyCheck: false, commandTimeout: 300 });
redis.on("error", () => undefined);
await once(redis, "ready");
const told = once(server, "message");
const echoed = redis.call("ECHO", "hello").then((answer) => String(answer), (error) => error.message);
// The command leaves with the microtasks of this turn; then the process is busy for longer than the deadline.
await new Promise((done) => process.nextTick(done));
const until = Date.now() + 900;
while (Date.now() < until);
const outcome = await echoed;
const [{ tookMs }] = await told;
const seen = { outcome, answeredWithinMs: tookMs < 100 };
console.log(JSON.stringify(seen));
redis.disconnect();
server.kill();
deepStrictEqual(seen, { outcome: "Command timed out", answeredWithinMs: true });
EOF
node check.mjs
