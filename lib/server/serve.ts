import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import next from "next";
import { roomForStores } from "../memory/pressure/room-for-stores.ts";
import { systemClock } from "../shared/clock.ts";
import { AppError, StartError } from "../shared/errors.ts";
import { Drain } from "./drain.ts";
import { type Env, EnvError, readEnv } from "./env.ts";
import { onClientError, refuseUpgrade } from "./http/answer/refuse.ts";
import { createApp } from "./http/app.ts";
import {
  createListener,
  MAX_HEADER_LINES,
  type PageHandler,
  PEER_HEADER,
  SECURE_HEADER,
  TARGET_HEADER,
} from "./http/intake/listener.ts";
import { ReadingTime, timeHeaders } from "./http/intake/reading-time.ts";
import { isSocketPath } from "./http/intake/target.ts";
import { allRoutes } from "./http/routes.ts";
import { createLog, type Log } from "./observe/log.ts";
import { Realtime } from "./observe/realtime.ts";
import { projectDir } from "./paths.ts";
import { openRuntime, type Runtime } from "./runtime.ts";

const MAX_CONNECTIONS = 10_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** How long the last writes may take. */
const CLOSE_MS = 30_000;
const RUNTIME_KEY = Symbol.for("headroom.runtime");

/** Starts the server: one port for pages, API and socket. Ends the process with one line when it cannot. */
export async function serve(): Promise<void> {
  const env = orEnd(readEnv);
  const log = createLog(env.fixed.HEADROOM_LOG_LEVEL);
  const runtime = await openRuntime(env, systemClock, log).catch((error: unknown) => end(error));
  requireRoom(runtime);
  const server = createServer({
    requestTimeout: 0,
    keepAliveTimeout: 30_000,
    connectionsCheckingInterval: 2_000,
  });
  const reading = new ReadingTime(systemClock, HEADERS_TIMEOUT_MS);
  runtime.onStop(reading.start());
  timeHeaders(server, reading);
  server.maxHeadersCount = MAX_HEADER_LINES + 1;
  server.maxConnections = MAX_CONNECTIONS;
  server.on("clientError", onClientError);

  let pages: PageHandler = async (_request, response) => {
    response.writeHead(503, { "Retry-After": "1", "Content-Type": "text/plain" }).end("Headroom is starting.\n");
  };
  const routes = allRoutes(runtime);
  const app = createApp(runtime, routes);
  leaveDoor(app);
  const realtime = new Realtime(runtime);
  server.on(
    "request",
    createListener(runtime, app, routes, (request, response) => pages(request, response), realtime, reading),
  );
  server.on("upgrade", (request, socket, head) => {
    if (isSocketPath(request.url?.split("?", 1)[0] ?? "")) realtime.upgrade(request, socket, head);
    // In development Next reloads pages over a socket of its own.
    else if (env.production) refuseUpgrade(socket, new AppError("not-found", "No socket endpoint has this path."));
  });
  const drain = new Drain(server);
  stopOnSignals(runtime, drain, realtime, log);

  await listen(server, env).catch((error: unknown) => end(error));
  const nextApp = next({
    dev: !env.production,
    dir: projectDir,
    customServer: true,
    ...(env.production ? {} : { httpServer: server }),
    hostname: env.fixed.HOST,
    port: env.fixed.PORT,
  });
  await nextApp.prepare();
  const handler = nextApp.getRequestHandler();
  pages = (request, response) => handler(request, response);
  await runtime.start();
  runtime.phase = "ready";
  warnOfLittleRoom(runtime);
  await announce(runtime, server);
}

/** A limit below the needs of the process itself would refuse every write forever. */
function requireRoom({ memory, ledger }: Runtime): void {
  const { room, message } = roomForStores(memory.limitBytes, ledger.runtimeBytes);
  if (room === "none") end(new StartError(message));
}

/** Everything is loaded by now, and garbage of the start collected. */
function warnOfLittleRoom({ memory, ledger, log }: Runtime): void {
  const { room, message } = roomForStores(memory.limitBytes, ledger.runtimeBytes);
  if (room === "little") log.warn(message);
}

/** How Next's route handlers, which have their own module graph, find the API. */
function leaveDoor(app: ReturnType<typeof createApp>): void {
  const door = {
    fetch: (request: Request) => {
      const { headers, url } = request;
      // A page's own request lacks the headers that the listener adds.
      const { pathname, search } = new URL(url);
      const target = headers.get(TARGET_HEADER) ?? `${pathname}${search}`;
      const [peer, secure] = [headers.get(PEER_HEADER) ?? "page", headers.get(SECURE_HEADER) === "1"];
      return app.fetch(request, { door: "next" as const, peer, secure, target });
    },
  };
  (globalThis as { [RUNTIME_KEY]?: typeof door })[RUNTIME_KEY] = door;
}

function listen(server: Server, { fixed }: Env): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const known = {
        EADDRINUSE: "is already in use; set PORT to another port",
        EACCES: "is not permitted for this user; set PORT to a port above 1023",
        EADDRNOTAVAIL: "is not an address of this machine; check HOST",
      };
      const reason = known[error.code as keyof typeof known];
      reject(reason ? new StartError(`${fixed.HOST}:${fixed.PORT} ${reason}`, { cause: error }) : error);
    });
    server.listen(fixed.PORT, fixed.HOST, resolve);
  });
}

/** One line for the operator; the key is shown on the first start only. */
async function announce(runtime: Runtime, server: Server): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const host = runtime.env.fixed.HOST;
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const url = `http://${shown}:${port}`;
  if (!runtime.keys.hasOperator) {
    const { key } = await runtime.keys.create({
      name: "first operator",
      role: "operator",
      namespace: "default",
      expiresAtMs: null,
    });
    print(`Operator key, shown only once: ${key}\nSign in: ${url}/sign-in#key=${encodeURIComponent(key)}`);
  }
  print(`Headroom is ready at ${url}`);
}

/** Ends the process with its state on disk: on a signal with 0, without its database thread with 1. */
function stopOnSignals(runtime: Runtime, drain: Drain, realtime: Realtime, log: Log): void {
  const stop = async (code: number): Promise<void> => {
    runtime.phase = "draining";
    realtime.close();
    const finished = await drain.run();
    await closeOrKill(runtime, log);
    log.info({ finished }, "stopped");
    process.exit(code);
  };
  const onFailure = (err: unknown) => {
    log.error({ err }, "shutting down failed");
    process.exit(1);
  };
  const onSignal = (signal: string) => {
    if (runtime.phase === "draining") {
      log.warn({ signal }, "second signal: exiting at once");
      process.exit(1);
    }
    log.info({ signal }, "shutting down");
    stop(0).catch(onFailure);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, onSignal);
  runtime.database.followDeath((err) => {
    log.error({ err }, "the database thread died: the server writes what it holds and ends, to be started again");
    const isStopping = runtime.phase === "draining";
    runtime.database
      .reopen()
      .then(() => (isStopping ? undefined : stop(1)), onFailure)
      .catch(onFailure);
  });
}

/** A thread that hangs in the kernel cannot be ended from here, and would keep the process for ever. */
async function closeOrKill(runtime: Runtime, log: Log): Promise<void> {
  const timer = setTimeout(() => {
    log.error(`the database has not responded for ${CLOSE_MS / 1000} s: ending without it`);
    process.kill(process.pid, "SIGKILL");
  }, CLOSE_MS);
  await runtime.close();
  clearTimeout(timer);
}

function orEnd<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    return end(error);
  }
}

function end(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`Headroom cannot start: ${message}\n`);
  // An expected error is one line; a bug prints its stack.
  if (!(error instanceof EnvError || error instanceof StartError))
    process.stderr.write(`${(error as Error).stack}
`);
  process.exit(1);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
