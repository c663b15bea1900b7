import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Server as Engine, type Socket as EngineSocket } from "engine.io";
import { type Namespace, Server, type Socket } from "socket.io";
import { mayDo } from "../../contracts/auth.ts";
import { EVENT_AUDIENCE, type ServerEvents } from "../../contracts/events.ts";
import { AppError } from "../../shared/errors.ts";
import { mayTake } from "../../shared/fair-shares.ts";
import { roomsOf, tellingsOf } from "../auth/audience.ts";
import { authenticate, isSameOrigin, requireRole, tokenOf } from "../auth/authenticate.ts";
import type { Identity } from "../auth/held-key.ts";
import { refuse, refuseUpgrade } from "../http/answer/refuse.ts";
import { givenTwice } from "../http/intake/target.ts";
import type { Runtime } from "../runtime.ts";
import type { ServerEvent } from "./events.ts";

/** Maximum number of sockets, not all of which one namespace may take; one more is refused with 503. */
const MAX_SOCKETS = 5_000;
/** The server accepts no events: a client that sends this many is disconnected. */
const MAX_CLIENT_EVENTS = 20;
/** Clients send a connect packet with a key, and pings. */
const MAX_PACKET_BYTES = 16_384;

/** A WebSocket that does not confirm the close would stay open for another 30 s. */
const CLOSING_MS = 1_000;
/** A socket with an ended key closes within a second: this time plus the time until it is noticed. */
const SIGNING_OUT_MS = 500;
/** How often the keys and sign-ins of sockets are checked, since their expiry is not announced. */
const CHECK_MS = 250;
/** Close code of a WebSocket whose key or sign-in ended; 4000 to 4999 are for applications. */
const SIGNED_OUT_CODE = 4401;

/** The connection of a WebSocket. Engine.IO has it as its transport's `socket`, which no type declares. */
function webSocketOf(conn: unknown): { terminate?(): void; close?(code: number, reason: string): void } | undefined {
  return (conn as EngineSocket & { transport: { socket?: object } }).transport.socket;
}

/**
 * Events that a slow reader may miss: it gets the next one, or back-fills over HTTP. Other events are rare, and the end
 * of a run or stream, or an alert, must not be missed because a step ended in the same turn.
 */
function isReplacedSoon(...[name, payload]: ServerEvent): boolean {
  return name === "memory:sample" || (name === "stream:progress" && payload.state === "running");
}
/**
 * Packets that may wait for a socket before it counts as slow. Socket.IO's `volatile` drops at one, which a polling
 * client has between any two of its requests.
 */
const MOST_WAITING = 4;

type Nothing = Record<string, never>;
type Monitoring = Namespace<Nothing, ServerEvents, Nothing, { identity: Identity }>;
type Watcher = Socket<Nothing, ServerEvents, Nothing, { identity: Identity }>;

/** Ids of the sockets with too many waiting packets; each socket is alone in the room of its id. */
function tooSlow(monitoring: Monitoring): string[] {
  const ids: string[] = [];
  for (const [id, { conn }] of monitoring.sockets) if (waiting(conn) >= MOST_WAITING) ids.push(id);
  return ids;
}

/**
 * Packets that a connection has not handed to the system yet. Engine.IO keeps them in a public field that no type
 * names.
 */
function waiting(conn: unknown): number {
  return (conn as { writeBuffer?: readonly unknown[] }).writeBuffer?.length ?? 0;
}

/** What the socket needs of the process. */
type RealtimeParts = Pick<
  Runtime,
  "clock" | "events" | "gate" | "keys" | "log" | "phase" | "proxies" | "stores" | "traffic"
> & {
  monitor: { sampler: Pick<Runtime["monitor"]["sampler"], "latest"> };
};

/**
 * The socket of the dashboard and of whoever watches: to each what its key may know and while it holds, and nothing in.
 */
export class Realtime {
  readonly #io = new Server<Nothing, ServerEvents, Nothing, { identity: Identity }>({
    serveClient: false,
    connectTimeout: 10_000,
  });
  readonly #engine: Engine;
  readonly #runtime: RealtimeParts;
  readonly #monitoring: Monitoring;
  readonly #ends: (() => unknown)[];
  readonly #maxSockets: number;
  /** Open connections of each role and namespace. */
  readonly #held = new Map<string, number>();

  constructor(runtime: RealtimeParts, maxSockets = MAX_SOCKETS) {
    this.#runtime = runtime;
    this.#maxSockets = maxSockets;
    // Bound, not attached: our listener passes requests on, so that a refused handshake gets a problem response.
    this.#engine = new Engine({
      maxHttpBufferSize: MAX_PACKET_BYTES,
      // Measured: 260 KB per socket and four times the CPU.
      perMessageDeflate: false,
    });
    runtime.traffic.openSockets = () => this.sockets;
    this.#engine.on("connection", (socket: EngineSocket) => {
      socket.once("close", () => runtime.clock.after(CLOSING_MS, () => webSocketOf(socket)?.terminate?.()));
    });
    this.#io.bind(this.#engine);
    this.#monitoring = this.#io.of("/monitoring");
    // Socket.IO's root namespace is open to anyone; a client could hold a socket there without a key.
    this.#io.use((_socket, next) => next(new Error("Connect to /monitoring.")));
    this.#monitoring.use((socket, next) => next(this.#admit(socket)));
    this.#monitoring.on("connection", (socket) => this.#welcome(socket));
    const check = () => this.#endThoseWithoutKey();
    this.#ends = [
      runtime.events.subscribe((...event) => this.#tell(event)),
      runtime.keys.onEnded(check),
      runtime.clock.every(CHECK_MS, check),
    ];
  }

  get sockets(): number {
    return this.#engine.clientsCount;
  }

  /** Answers a request to `/socket.io`. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusal(request);
    if (refusal) refuse(this.#runtime, request, response, refusal);
    else this.#engine.handleRequest(request as Parameters<Engine["handleRequest"]>[0], response);
  }

  /** Takes an upgrade to a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal) refuseUpgrade(socket, refusal);
    else this.#engine.handleUpgrade(request as Parameters<Engine["handleUpgrade"]>[0], socket, head);
  }

  /** Closes every socket; browsers reconnect by themselves. */
  close(): void {
    for (const end of this.#ends) end();
    this.#io.disconnectSockets(true);
    this.#engine.close();
  }

  /** CORS does not cover WebSockets: another site's page could open one with the viewer's cookie. */
  #refusal({ headers, rawHeaders, url }: IncomingMessage): AppError | null {
    const { origin, host, cookie } = headers;
    const twice = givenTwice(rawHeaders);
    if (twice !== null) return twice;
    // Only a handshake has no session id yet.
    if (/[?&]sid=/.test(url ?? "")) return null;
    if (this.#runtime.phase === "draining") return new AppError("shutting-down", "The server is shutting down.");
    if (this.#engine.clientsCount >= this.#maxSockets)
      return new AppError("overloaded", `The maximum of ${this.#maxSockets} sockets is open. Retry later.`);
    if (origin !== undefined && !isSameOrigin({ origin, site: null, host: host ?? null })) {
      return new AppError("foreign-origin", "The handshake comes from another origin.");
    }
    // A browser sends Origin with the handshake that it upgrades, and fetches of its own carry no other site's cookie.
    const site = headers["sec-fetch-site"];
    if (origin === undefined && tokenOf(cookie ?? null) !== null && site !== "same-origin") {
      return new AppError("foreign-origin", "A handshake with a cookie must carry an Origin header.");
    }
    return null;
  }

  #admit(socket: Watcher): Error | undefined {
    const { auth, headers } = socket.handshake;
    const { address } = this.#runtime.proxies.peerOf(socket.request);
    const token: unknown = auth.token;
    const authorization = typeof token === "string" ? `Bearer ${token}` : (headers.authorization ?? null);
    try {
      const identity = authenticate(this.#runtime.gate, { authorization, cookie: headers.cookie ?? null }, address);
      requireRole(identity, ["viewer", "consumer"]);
      this.#takePlace(identity, socket.conn);
      socket.data.identity = identity;
      return undefined;
    } catch (error) {
      const known = error instanceof AppError ? error : new AppError("internal", "The handshake failed.");
      return Object.assign(new Error(known.message), { data: { code: known.code, status: known.status } });
    }
  }

  /** Sockets of one namespace leave room for those of other namespaces. @throws {AppError} `overloaded`. */
  #takePlace({ role, namespace }: Identity, conn: Watcher["conn"]): void {
    const holder = `${role} ${namespace}`;
    const held = this.#held.get(holder) ?? 0;
    // This connection is open, and so counted, already.
    if (!mayTake(1, held, this.#maxSockets - this.#engine.clientsCount + 1))
      throw new AppError("overloaded", `${held} sockets of this namespace are open, which is its share.`);
    this.#held.set(holder, held + 1);
    conn.once("close", () => {
      const left = (this.#held.get(holder) ?? 0) - 1;
      if (left > 0) this.#held.set(holder, left);
      else this.#held.delete(holder);
    });
  }

  #welcome(socket: Watcher): void {
    let events = 0;
    socket.onAny(() => {
      events += 1;
      if (events > MAX_CLIENT_EVENTS) socket.disconnect(true);
    });
    const { identity } = socket.data;
    void socket.join(roomsOf(identity));
    const sample = this.#runtime.monitor.sampler.latest;
    if (sample && mayDo(identity.role, EVENT_AUDIENCE["memory:sample"].roles))
      socket.emit("memory:sample", { sample, stores: this.#runtime.stores.map((store) => store.stats()) });
  }

  #tell(event: ServerEvent): void {
    const slow = isReplacedSoon(...event) ? tooSlow(this.#monitoring) : [];
    for (const telling of tellingsOf(event)) {
      const channel = this.#monitoring.to([...telling.to]).except([...telling.except, ...slow]);
      (channel.emit as (...event: ServerEvent) => boolean)(...telling.event);
    }
  }

  #endThoseWithoutKey(): void {
    for (const socket of this.#monitoring.sockets.values())
      if (!this.#runtime.keys.holds(socket.data.identity)) this.#signOut(socket);
  }

  /**
   * Says why, and closes: a client of Socket.IO does not come back by itself, and a bare WebSocket reads the reason as
   * well.
   */
  #signOut(socket: Watcher): void {
    const { conn } = socket;
    socket.emit("signed-out", {
      reason: "signed-out",
      message: "The API key or dashboard session of this socket has ended.",
    });
    socket.disconnect();
    const close = () => webSocketOf(conn)?.close?.(SIGNED_OUT_CODE, "signed-out");
    // The reason is sent first, after packets that are already in transit.
    if (waiting(conn) > 0) conn.once("drain", close);
    else close();
    conn.close();
    // A client that does not read would neither receive waiting packets nor confirm the close.
    this.#runtime.clock.after(SIGNING_OUT_MS, () => webSocketOf(conn)?.terminate?.());
  }
}
