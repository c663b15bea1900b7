/** Connections that are slow, many or silent: ../shared/threats.md, T45–T51. T42–T44 and T46 are in `socket.spec.ts`. */
import http from "node:http";
import net from "node:net";
import { expect, test } from "@playwright/test";
import { io, type Socket } from "socket.io-client";
import type { SamplePush } from "../../lib/contracts/events.ts";
import type { MemorySample } from "../../lib/contracts/memory.ts";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";
import { expectAlive, openFiles, rssBytes } from "../support/survival.ts";

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({ env: { HEADROOM_SAMPLE_SECONDS: "0.2" } });
});
test.afterEach(() => expectAlive(server));
test.afterAll(() => server.remove());

const MIB = 1024 * 1024;
const auth = { token: OPERATOR_KEY };
const connect = (namespace = "/monitoring", options: Record<string, unknown> = {}): Socket =>
  io(`${server.url}${namespace}`, { auth, reconnection: false, forceNew: true, transports: ["websocket"], ...options });
const once = <Value = unknown>(socket: Socket, event: string) =>
  new Promise<Value>((resolve) => socket.once(event, resolve));

/** Opens a connection, writes, and resolves with what came once the server has closed it. */
function hold(text: string, everyMs: number, drip: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(text));
    let answer = "";
    const timer = setInterval(() => socket.write(drip), everyMs);
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

test("T45 T51: headers that trickle, a body that does and a handshake without a key are ended, with 408 where an answer can be, and nobody else waits", async () => {
  const before = openFiles(server.pid);
  const head = `Host: x\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\n`;
  const silent = Array.from({ length: 50 }, () =>
    hold(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      60_000,
      "",
    ),
  );
  const headers = Array.from({ length: 50 }, () => hold(`GET /livez HTTP/1.1\r\n${head}`, 1_000, "X-Slow: 1\r\n"));
  const bodies = Array.from({ length: 50 }, () =>
    hold(
      `PUT /api/v1/cache/slow HTTP/1.1\r\n${head}Content-Type: text/plain\r\nContent-Length: 100000\r\n\r\n`,
      1_000,
      "y",
    ),
  );
  await expectAlive(server);
  for (const answer of await Promise.all(headers)) {
    expect(answer).toContain("HTTP/1.1 408 ");
    expect(answer).toContain("request-timeout");
  }
  for (const answer of await Promise.all(bodies)) expect(answer).toContain("HTTP/1.1 408 ");
  for (const answer of await Promise.all(silent)) expect(answer).toContain("HTTP/1.1 101 ");
  await expect.poll(() => openFiles(server.pid)).toBeLessThanOrEqual(before + 2);
  await expectAlive(server);
});

test("T47: for 30 readers that stop reading the server keeps a few packets at most, and others get every sample", async () => {
  const stalled = Array.from({ length: 30 }, () => connect());
  await Promise.all(stalled.map((socket) => once(socket, "connect")));
  for (const socket of stalled) {
    const transport = socket.io.engine.transport as unknown as { ws: { _socket: net.Socket } };
    transport.ws._socket.pause();
  }
  const reader = connect();
  const before = rssBytes(server.pid);
  const sequences: number[] = [];
  await new Promise<void>((resolve) => {
    reader.on("memory:sample", ({ sample }: SamplePush) => {
      if (sample.sequence !== sequences.at(-1)) sequences.push(sample.sequence);
      if (sequences.length === 20) resolve();
    });
  });
  expect(sequences.slice(1).every((sequence, index) => sequence === (sequences[index] ?? 0) + 1)).toBe(true);
  expect(rssBytes(server.pid) - before).toBeLessThan(30 * MIB);
  for (const socket of [...stalled, reader]) socket.disconnect();
});

test("T49: what a client missed while it was away comes over HTTP exactly once, in order", async () => {
  const first = connect();
  const { sample } = await once<SamplePush>(first, "memory:sample");
  first.disconnect();
  const list = async () => {
    const text = await server.get(`/monitoring/memory/history?afterSequence=${sample.sequence}`);
    return ((await text.json()) as { samples: MemorySample[] }).samples.map(({ sequence }) => sequence);
  };
  await expect.poll(async () => (await list()).length).toBeGreaterThan(5);
  const second = connect();
  const back = await once<SamplePush>(second, "memory:sample");
  await expect.poll(async () => (await list()).at(-1) ?? 0).toBeGreaterThanOrEqual(back.sample.sequence);
  const missed = await list();
  expect(missed).toEqual(missed.map((_, index) => sample.sequence + 1 + index));
  second.disconnect();
});

test("T50: the root and a foreign namespace are refused, and a room cannot be joined by asking", async () => {
  for (const namespace of ["/", "/admin", "/monitoring/../x"]) {
    const socket = connect(namespace === "/" ? "" : namespace);
    expect((await once<Error>(socket, "connect_error")).message).toBeTruthy();
    socket.disconnect();
  }
  const plain = connect("/monitoring");
  await once(plain, "connect");
  plain.emit("join", "other-namespace");
  plain.emit("subscribe", { room: "operators" });
  await once(plain, "memory:sample");
  expect(plain.connected).toBe(true);
  plain.disconnect();
});

test("T51: 500 idle connections that are kept alive leave the server as it was when they go", async () => {
  const before = openFiles(server.pid);
  // An agent of its own for each: one for all would use a connection again as soon as it has its answer.
  const agents = Array.from({ length: 500 }, () => new http.Agent({ keepAlive: true }));
  const get = (agent: http.Agent) =>
    new Promise<void>((resolve, reject) => {
      http
        .get(`${server.url}/livez`, { agent }, (response) => response.resume().on("end", resolve))
        .on("error", reject);
    });
  await Promise.all(agents.map(get));
  expect(openFiles(server.pid)).toBeGreaterThan(before + 400);
  await expectAlive(server);
  for (const agent of agents) agent.destroy();
  await expect.poll(() => openFiles(server.pid)).toBeLessThanOrEqual(before + 2);
});
