import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import pino from "pino";
import { io, type Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mayDo, type Role, roleSchema } from "../../contracts/auth.ts";
import { EVENT_AUDIENCE } from "../../contracts/events.ts";
import type { OptimizationRun } from "../../contracts/memory.ts";
import type { StreamJobView } from "../../contracts/streams.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { memoryKeyRows } from "../../testing/key-rows-in-memory.ts";
import { Attempts } from "../auth/attempts.ts";
import { KeyRing } from "../auth/key-ring.ts";
import { Proxies } from "../http/intake/proxies.ts";
import { Events, type ServerEvent } from "./events.ts";
import { Realtime } from "./realtime.ts";
import { Traffic } from "./traffic.ts";

const MAX_SOCKETS = 45;
const NAMESPACES = ["tenant-a", "tenant-b"] as const;
const ROLES = roleSchema.options;
const CREDENTIALS = ["bearer", "cookie"] as const;

// The server passes payloads on as they are: only what decides who hears them is filled in.
const job = (namespace: string, id: string) => ({ id, namespace, target: `secret of ${namespace}` }) as StreamJobView;
const run = (actor: string, actorNamespace?: string) =>
  ({
    id: "run",
    trigger: actorNamespace ? "manual" : "pressure",
    actor,
    ...(actorNamespace ? { actorNamespace } : {}),
  }) as OptimizationRun;
const fake = (...event: [string, unknown]) => event as ServerEvent;

/** Every event, with each namespace that it can belong to. */
const CASES: readonly { event: ServerEvent; namespace: string | null; actorOf: string | null }[] = [
  { event: fake("memory:sample", { sample: { sequence: 1 }, stores: [] }), namespace: null, actorOf: null },
  { event: fake("memory:leak", { state: "suspected" }), namespace: null, actorOf: null },
  { event: fake("memory:alert", { level: "critical" }), namespace: null, actorOf: null },
  ...(["memory:optimize-progress", "memory:optimized"] as const).flatMap((name) => [
    { event: fake(name, run("system")), namespace: null, actorOf: null },
    ...NAMESPACES.map((namespace) => ({
      event: fake(name, run(`ada of ${namespace}`, namespace)),
      namespace: null,
      actorOf: namespace,
    })),
    // A run of an earlier version does not tell whose key it was.
    { event: fake(name, { ...run("eve"), trigger: "manual" }), namespace: null, actorOf: "unknown" },
  ]),
  ...NAMESPACES.map((namespace) => ({
    event: fake("stream:progress", job(namespace, "job")),
    namespace,
    actorOf: null,
  })),
];

interface Watcher {
  role: Role;
  namespace: string;
  via: (typeof CREDENTIALS)[number];
  socket: Socket;
  heard: [string, unknown][];
}

describe("Realtime", () => {
  let clock: FakeClock;
  let keys: KeyRing;
  let events: Events;
  let realtime: Realtime;
  let server: Server;
  let url: string;
  const open: Socket[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    events = new Events();
    keys = await KeyRing.open(memoryKeyRows().rows, clock);
    const parts = {
      clock,
      events,
      keys,
      gate: { keys, attempts: new Attempts(clock) },
      log: pino({ level: "silent" }),
      phase: "ready" as const,
      proxies: new Proxies([]),
      stores: [],
      traffic: new Traffic(),
      monitor: { sampler: { latest: null } },
    };
    realtime = new Realtime(parts, MAX_SOCKETS);
    server = createServer((request, response) => realtime.handle(request, response));
    server.on("upgrade", (request, socket, head) => realtime.upgrade(request, socket, head));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.disconnect();
    realtime.close();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  const makeKey = (role: Role, namespace: string, expiresAtMs: number | null = null) =>
    keys.create({ name: `${role} of ${namespace}`, role, namespace, expiresAtMs });

  async function watch(
    credentials: Record<string, unknown>,
    transports = ["websocket"],
  ): Promise<Pick<Watcher, "socket" | "heard">> {
    const socket = io(`${url}/monitoring`, { reconnection: false, forceNew: true, transports, ...credentials });
    open.push(socket);
    const heard: Watcher["heard"] = [];
    socket.onAny((name: string, payload: unknown) => heard.push([name, payload]));
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
    return { socket, heard };
  }

  async function withCookie(key: string) {
    const identity = keys.byKey(key);
    if (!identity) throw new Error("the key is not known");
    const { token } = await keys.signIn(identity);
    return { token, credentials: { extraHeaders: { cookie: `headroom=${token}`, origin: url } } };
  }

  async function everyWatcher(): Promise<Watcher[]> {
    const watchers: Watcher[] = [];
    for (const role of ROLES)
      for (const namespace of NAMESPACES)
        for (const via of CREDENTIALS) {
          const { key } = await makeKey(role, namespace);
          const credentials = via === "bearer" ? { auth: { token: key } } : (await withCookie(key)).credentials;
          watchers.push({ role, namespace, via, ...(await watch(credentials)) });
        }
    return watchers;
  }

  /** All that was sent before has arrived when everybody has heard of a stream of their own namespace. */
  async function everythingArrived(watchers: readonly Watcher[]): Promise<void> {
    const last = watchers.map(
      ({ socket, namespace }) =>
        new Promise<void>((resolve) =>
          socket.on("stream:progress", ({ id, namespace: of }) => id === "last" && of === namespace && resolve()),
        ),
    );
    for (const namespace of NAMESPACES) events.emit("stream:progress", job(namespace, "last"));
    await Promise.all(last);
  }

  it("F1: tells every event to exactly those who may read the same over HTTP, and no name of another namespace", async () => {
    const watchers = await everyWatcher();
    for (const { event } of CASES) events.emit(...event);
    await everythingArrived(watchers);
    let told = 0;
    for (const { role, namespace, via, heard } of watchers) {
      const wanted = CASES.flatMap(({ event, namespace: of, actorOf }) => {
        const [name, payload] = event;
        if (!mayDo(role, EVENT_AUDIENCE[name].roles)) return [];
        if (role !== "operator" && of !== null && of !== namespace) return [];
        if (role === "operator" || actorOf === null || actorOf === namespace) return [[name, payload]];
        const { actorNamespace: _, ...rest } = payload as OptimizationRun;
        return [[name, { ...rest, actor: "an operator" }]];
      });
      const got = heard.filter(([, payload]) => (payload as { id?: string }).id !== "last");
      expect([role, namespace, via, got]).toEqual([role, namespace, via, wanted]);
      told += got.length;
    }
    const names = new Set(CASES.map(({ event }) => event[0]));
    expect([...names].sort()).toEqual(Object.keys(EVENT_AUDIENCE).sort());
    process.stdout.write(
      `socket events walked: ${names.size} events in ${CASES.length} cases × ${watchers.length} sockets ` +
        `(${ROLES.length} roles × ${NAMESPACES.length} namespaces × ${CREDENTIALS.length} credentials), ${told} told\n`,
    );
  });

  const ended = (socket: Socket) => new Promise<string>((resolve) => socket.once("disconnect", resolve));
  const CLOSED = [["signed-out", { reason: "signed-out", message: expect.any(String) }]];

  for (const transports of [["websocket"], ["polling"]])
    it(`F2: ends a socket over ${transports} as its key is revoked, expires, or its sign-in ends, says why, and ends no other`, async () => {
      const revoked = await makeKey("viewer", "tenant-a");
      const short = await makeKey("consumer", "tenant-a", clock.nowMs() + 1_000);
      const { key } = await makeKey("operator", "tenant-a");
      const [one, two] = [await withCookie(key), await withCookie(key)];
      const byKey = await watch({ auth: { token: revoked.key } }, transports);
      const byShort = await watch({ auth: { token: short.key } }, transports);
      const bySignIn = await watch(one.credentials, transports);
      const stays = await watch(two.credentials, transports);

      const first = ended(byKey.socket);
      await keys.revoke(revoked.id);
      expect([await first, byKey.heard]).toEqual(["io server disconnect", CLOSED]);
      const second = ended(bySignIn.socket);
      await keys.signOut(one.token);
      expect([await second, bySignIn.heard]).toEqual(["io server disconnect", CLOSED]);
      expect(byShort.socket.connected).toBe(true);
      const third = ended(byShort.socket);
      clock.advance(1_250);
      expect([await third, byShort.heard]).toEqual(["io server disconnect", CLOSED]);
      expect(stays.socket.connected).toBe(true);
      expect(stays.heard).toEqual([]);
    });

  it("F2: ends the sockets of a sign-in that newer ones of its key pushed out", async () => {
    const { key } = await makeKey("viewer", "tenant-a");
    const oldest = await watch((await withCookie(key)).credentials);
    const over = ended(oldest.socket);
    for (let count = 0; count < 20; count++) await withCookie(key);
    expect([await over, oldest.heard]).toEqual(["io server disconnect", CLOSED]);
  });

  it("R5: lets no namespace take all sockets, and gives its places back when they close", async () => {
    const [greedy, modest] = [await makeKey("consumer", "tenant-a"), await makeKey("viewer", "tenant-b")];
    const taken: Socket[] = [];
    const refused = { data: { code: "overloaded", status: 503 } };
    for (let at = 0; at < 40; at++) taken.push((await watch({ auth: { token: greedy.key } })).socket);
    await expect(watch({ auth: { token: greedy.key } })).rejects.toMatchObject(refused);
    await watch({ auth: { token: modest.key } });
    for (const socket of taken.splice(0, 20)) socket.disconnect();
    await expect.poll(() => realtime.sockets).toBeLessThanOrEqual(22);
    await watch({ auth: { token: greedy.key } });
  });
});
