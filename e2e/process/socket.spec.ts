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

test("T42: no key, another site's page and a cookie without origin are refused", async () => {
  expect(await refusal(connect({ auth: {} }))).toContain("Bearer");
  expect(await refusal(connect({ auth: { token: ["array"] } }))).toContain("Bearer");
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

interface Job {
  id: string;
  namespace: string;
  state: string;
}

/** Waits until `socket` has heard of the end of a job, and returns all that it heard of streams until then. */
const jobsUntil = (socket: Socket, isLast: (job: Job) => boolean) =>
  new Promise<Job[]>((resolve) => {
    const heard: Job[] = [];
    socket.on("stream:progress", (job: Job) => {
      heard.push(job);
      if (isLast(job)) resolve(heard);
    });
  });

test("F1: a stream's progress goes to its own namespace's viewers and consumers and to operators, and no sample to a consumer", async () => {
  const keys = await Promise.all([
    server.createKey("viewer", "tenant-b"),
    server.createKey("consumer", "tenant-b"),
    server.createKey("viewer", "tenant-a"),
    server.createKey("consumer", "tenant-a"),
  ]);
  const sockets = [...keys, OPERATOR_KEY].map((token) => connect({ auth: { token }, transports: ["websocket"] }));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const samples = sockets.map(() => 0);
  for (const [index, socket] of sockets.entries())
    socket.on("memory:sample", () => {
      samples[index] = (samples[index] ?? 0) + 1;
    });
  // The last that everybody may hear: two streams that are over, one of each tenant, the other's first.
  const send = async (namespace: string) => {
    const body = "patient,patient\n1,2\n";
    const answer = await server.send("POST", "/api/v1/streams?target=none&format=csv&wait=1", body, {
      "x-namespace": namespace,
    });
    expect(answer.status).toBe(422);
  };
  const isOver = (namespace: string) => (job: Job) => job.namespace === namespace && job.state === "failed";
  const heard = ["tenant-b", "tenant-b", "tenant-a", "tenant-a", "tenant-b"].map((namespace, index) =>
    jobsUntil(sockets[index] as Socket, isOver(namespace)),
  );
  await send("tenant-a");
  await send("tenant-b");
  const namespaces = (await Promise.all(heard)).map((jobs) => [...new Set(jobs.map(({ namespace }) => namespace))]);
  expect(namespaces).toEqual([["tenant-b"], ["tenant-b"], ["tenant-a"], ["tenant-a"], ["tenant-a", "tenant-b"]]);
  await expect.poll(() => samples[0]).toBeGreaterThan(1);
  expect([samples[1], samples[3]]).toEqual([0, 0]);
});

test("F1: a viewer of another namespace does not read who asked for a run, on the socket or over HTTP", async () => {
  const [theirs, ours] = [await server.createKey("viewer", "tenant-b"), await server.createKey("viewer")];
  const watch = async (token: string) => {
    const socket = connect({ auth: { token }, transports: ["websocket"] });
    await once(socket, "connect");
    return new Promise<{ id: string; actor: string }>((resolve) => socket.once("memory:optimized", resolve));
  };
  // A promise in an array: to await it here would be to wait for the run.
  const waiting = [{ run: watch(theirs) }, { run: watch(ours) }];
  await expect.poll(() => open.filter(({ connected }) => connected).length).toBe(2);
  await server.send("POST", "/monitoring/memory/optimize", {});
  const runs = await Promise.all(waiting.map(({ run }) => run));
  expect(runs.map(({ actor }) => actor)).toEqual(["an operator", "HEADROOM_OPERATOR_KEY"]);
  const id = runs[0]?.id;
  for (const [key, actor] of [
    [theirs, "an operator"],
    [ours, "HEADROOM_OPERATOR_KEY"],
  ] as const) {
    const authorization = `Bearer ${key}`;
    const one = await (await server.get(`/monitoring/memory/optimizations/${id}`, { authorization })).text();
    const list = await (await server.get("/monitoring/memory/optimizations", { authorization })).text();
    const report = await (await server.get("/monitoring/memory", { authorization })).text();
    for (const text of [one, list, report]) expect(text).toContain(`"actor":"${actor}"`);
  }
});

test("F2: a socket ends with its key, with its key's time and with its sign-in, and says signed-out", async () => {
  const make = async (more: object) =>
    (await (await server.send("POST", "/api/v1/keys", { name: "short", role: "viewer", ...more })).json()) as {
      id: string;
      key: string;
    };
  const told = (socket: Socket) =>
    new Promise<[unknown, string]>((resolve) => {
      let end: unknown = null;
      socket.once("signed-out", (value) => {
        end = (value as { reason: string }).reason;
      });
      socket.once("disconnect", (reason) => resolve([end, reason]));
    });
  const ENDED = ["signed-out", "io server disconnect"];

  const revoked = await make({});
  const byKey = connect({ auth: { token: revoked.key }, transports: ["websocket"] });
  await once(byKey, "memory:sample");
  const first = told(byKey);
  await server.send("DELETE", `/api/v1/keys/${revoked.id}`);
  expect(await first).toEqual(ENDED);
  expect(await refusal(byKey.connect())).toContain("revoked");

  const short = await make({ expiresAt: new Date(Date.now() + 2_000).toISOString() });
  const byTime = connect({ auth: { token: short.key }, transports: ["websocket"] });
  await once(byTime, "memory:sample");
  expect(await told(byTime)).toEqual(ENDED);

  const signedIn = await server.send("POST", "/api/v1/auth/sign-in", { key: OPERATOR_KEY });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  const byCookie = connect({ auth: {}, transports: ["websocket"], extraHeaders: { cookie, origin: server.url } });
  await once(byCookie, "memory:sample");
  const third = told(byCookie);
  await fetch(`${server.url}/api/v1/auth/sign-out`, { method: "POST", headers: { cookie } });
  expect(await third).toEqual(ENDED);
});
