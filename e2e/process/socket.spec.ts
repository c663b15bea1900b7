import { expect, test } from "@playwright/test";
import { io, type Socket } from "socket.io-client";
import type { SamplePush } from "../../lib/contracts/events.ts";
import { sendRaw } from "../support/raw-http.ts";
import { OPERATOR_KEY, TestServer } from "../support/server.ts";

let server: TestServer;
const open: Socket[] = [];

test.beforeAll(async () => {
  server = await TestServer.start({ env: { HEADROOM_SAMPLE_SECONDS: "0.2" } });
});
test.afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect();
});
test.afterAll(() => server.remove());

function connect(options: Record<string, unknown> = {}): Socket {
  const socket = io(`${server.url}/monitoring`, {
    auth: { token: OPERATOR_KEY },
    reconnection: false,
    forceNew: true,
    ...options,
  });
  open.push(socket);
  return socket;
}

const once = (socket: Socket, event: string) => new Promise<void>((resolve) => socket.once(event, () => resolve()));

const refusal = (socket: Socket) =>
  new Promise<string>((resolve) => socket.once("connect_error", (error) => resolve(error.message)));

test("a plain client gets a sample on connecting, then consecutive sequences, over both transports", async () => {
  for (const transports of [["polling"], ["websocket"]]) {
    const socket = connect({ transports });
    const sequences = await new Promise<number[]>((resolve) => {
      const seen: number[] = [];
      socket.on("memory:sample", ({ sample }: SamplePush) => {
        seen.push(sample.sequence);
        if (seen.length === 6) resolve(seen);
      });
    });
    // The first is the latest sample again; from the second on none is missing.
    expect(sequences.slice(1)).toEqual(sequences.slice(1).map((_, index) => (sequences[1] ?? 0) + index));
    expect((sequences[1] ?? 0) - (sequences[0] ?? 0)).toBeLessThanOrEqual(1);
  }
});

test("T42: no key, a consumer's key, another site's page and a cookie without origin are refused", async () => {
  expect(await refusal(connect({ auth: {} }))).toContain("Bearer");
  expect(await refusal(connect({ auth: { token: ["array"] } }))).toContain("Bearer");
  expect(await refusal(connect({ auth: { token: await server.createKey("consumer") } }))).toContain("viewer");
  for (const origin of ["https://elsewhere.example", "null"]) {
    expect(await refusal(connect({ transports: ["websocket"], extraHeaders: { origin } }))).toBeTruthy();
    const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    expect([polling.status, polling.headers.get("content-type")]).toEqual([403, "application/problem+json"]);
    const upgrade = await sendRaw(
      server.url,
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nOrigin: ${origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    expect(upgrade.status).toBe(403);
  }
  const cookie = `headroom=${"A".repeat(43)}`;
  expect((await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { cookie } })).status).toBe(403);
});

test("T43 T44 T46: malformed, oversized and many packets end that socket alone", async () => {
  const healthy = connect();
  await once(healthy, "connect");
  const handshake = async () => {
    const text = await (await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`)).text();
    return (JSON.parse(text.slice(1)) as { sid: string }).sid;
  };
  const packets = [
    "9nonsense",
    "4",
    '451-["memory:sample",{"_placeholder":true,"num":0}]',
    "42[",
    '42{"no":"array"}',
    '42["disconnect"]',
    "4".repeat(200_000),
  ];
  for (const packet of packets) {
    const sid = await handshake();
    const response = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, {
      method: "POST",
      body: packet,
    });
    expect(response.status, packet.slice(0, 40)).toBeLessThan(500);
  }
  const flooding = connect();
  await once(flooding, "connect");
  const ended = once(flooding, "disconnect");
  for (let event = 0; event < 1_000; event++) flooding.emit("anything", event);
  await ended;
  await once(healthy, "memory:sample");
  expect(healthy.connected).toBe(true);
  expect((await server.get("/livez")).status).toBe(200);
});
