/**
 * A thousand open dashboards when the server restarts: how soon each is back, and how late the event loop is meanwhile.
 * `npm run build && npm run bench:sockets -- [--clients 1000]`; ends with 1 when a goal is missed (all back within 10 s of its being
 * ready, p99 of the loop's delay below 200 ms).
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { io, type Socket } from "socket.io-client";
import { OPERATOR_KEY, TestServer } from "../../e2e/support/server.ts";
import { backoffMs } from "../../lib/client/live/backoff.ts";
import type { SamplePush } from "../../lib/contracts/events.ts";

const { values } = parseArgs({ options: { clients: { type: "string", default: "1000" } } });
const CLIENTS = Number(values.clients);
const GOAL_SECONDS = 10;
const GOAL_DELAY_MS = 200;
/** Samples follow each other so fast that one of them has the worst of the storm to itself. */
const SAMPLE_SECONDS = 1;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A page's socket, which comes back as a page's does: it is back when the report that it asks for with its first sample came. */
class Client {
  readonly #socket: Socket;
  readonly #url: string;
  #attempts = 0;
  backAtMs = Number.NaN;

  constructor(url: string, onSample: (push: SamplePush) => void) {
    this.#url = url;
    const auth = { token: OPERATOR_KEY };
    this.#socket = io(`${url}/monitoring`, { auth, reconnection: false, forceNew: true, transports: ["websocket"] });
    this.#socket.on("connect", () => {
      this.#attempts = 0;
      this.#socket.once("memory:sample", () => void this.#readReport());
    });
    this.#socket.on("disconnect", () => this.#retry());
    this.#socket.on("connect_error", () => this.#retry());
    this.#socket.on("memory:sample", onSample);
  }

  close(): void {
    this.#socket.off("disconnect");
    this.#socket.disconnect();
  }

  async #readReport(): Promise<void> {
    const headers = { authorization: `Bearer ${OPERATOR_KEY}` };
    const response = await fetch(`${this.#url}/monitoring/memory`, { headers });
    if (!response.ok) throw new Error(`the report: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
    this.backAtMs = performance.now();
  }

  #retry(): void {
    this.backAtMs = Number.NaN;
    setTimeout(() => this.#socket.connect(), backoffMs(this.#attempts++, Math.random()));
  }
}

/** Resolves when all are back, or after a minute. */
async function allBack(clients: readonly Client[]): Promise<void> {
  const patience = performance.now() + 60_000;
  while (clients.some(({ backAtMs }) => Number.isNaN(backAtMs)) && performance.now() < patience)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

const env = {
  PORT: String(await freePort()),
  HEADROOM_SAMPLE_SECONDS: String(SAMPLE_SECONDS),
  HEADROOM_LOG_LEVEL: "warn",
};
let server = await TestServer.start({ env });
let worstDelayMs = 0;
const onSample = ({ sample }: SamplePush) => {
  worstDelayMs = Math.max(worstDelayMs, sample.eventLoop.delayP99Ms);
};
const clients = Array.from({ length: CLIENTS }, () => new Client(server.url, onSample));
await allBack(clients);

server.process.kill("SIGTERM");
await once(server.process, "exit");
worstDelayMs = 0;
server = await TestServer.start({ env, dir: server.dir });
const readyAtMs = performance.now();
await allBack(clients);
// The sample that counts the end of it.
await new Promise((resolve) => setTimeout(resolve, 2_000 * SAMPLE_SECONDS));

const seconds = clients.map(({ backAtMs }) => (backAtMs - readyAtMs) / 1000).sort((a, b) => a - b);
const last = seconds.at(-1) ?? Number.NaN;
const median = seconds[Math.floor(seconds.length / 2)] ?? Number.NaN;
console.log(
  `${CLIENTS} clients: half back ${median.toFixed(1)} s after it was ready, all after ${last.toFixed(1)} s (goal ${GOAL_SECONDS})`,
);
console.log(`p99 of the event loop's delay, worst second: ${worstDelayMs.toFixed(0)} ms (goal ${GOAL_DELAY_MS})`);
for (const client of clients) client.close();
await server.remove();
process.exitCode = last <= GOAL_SECONDS && worstDelayMs <= GOAL_DELAY_MS ? 0 : 1;
