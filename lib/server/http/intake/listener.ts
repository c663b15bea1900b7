import { randomBytes } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { AppError } from "../../../shared/errors.ts";
import type { Realtime } from "../../observe/realtime.ts";
import type { Runtime } from "../../runtime.ts";
import { API_HEADERS } from "../answer/api-headers.ts";
import { refuse } from "../answer/refuse.ts";
import type { createApp } from "../app.ts";
import type { Route } from "../define-route.ts";
import { Arrivals } from "./arrivals.ts";
import { CrossOrigin } from "./cross-origin.ts";
import { Lingering } from "./lingering.ts";
import type { Proxies } from "./proxies.ts";
import type { ReadingTime } from "./reading-time.ts";
import { checkTarget, isApiPath, isSocketPath, requireOnce } from "./target.ts";

/** How long a request may take to arrive, except for streams. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Maximum header lines of a request. Node silently drops lines over its own bound, so ours is lower. */
export const MAX_HEADER_LINES = 200;
/**
 * Headers in which our server passes the peer and the target to the Next door: Next rebuilds the URL and drops
 * parameters. Values that a client sends under these names are overwritten.
 */
export const PEER_HEADER = "x-headroom-peer";
export const TARGET_HEADER = "x-headroom-target";
/** Whether the client came over TLS: `1` or `0`. */
export const SECURE_HEADER = "x-headroom-secure";

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The one listener of the server: checks the target, then hands it to the API by the door in force, or to the pages.
 */
export function createListener(
  runtime: Runtime,
  app: ReturnType<typeof createApp>,
  routes: readonly Route[],
  pages: PageHandler,
  realtime: Realtime,
  reading: ReadingTime,
): RequestListener {
  const { proxies } = runtime;
  const origins = runtime.env.fixed.HEADROOM_CORS_ORIGINS;
  const crossOrigin = origins.length === 0 ? null : new CrossOrigin(origins);
  const direct = getRequestListener((request, { incoming }) => {
    const arrived = incoming as IncomingMessage;
    const { address, secure } = proxies.peerOf(arrived);
    const chunks = new Chunks(arrived);
    return app.fetch(request, { door: "direct", peer: address, secure, target: arrived.url ?? "/", chunks });
  });
  const streaming = streamingPaths(routes);
  const arrivals = new Arrivals(reading, REQUEST_TIMEOUT_MS);
  runtime.onStop(arrivals.start());
  const lingering = new Lingering();
  const throughNext = runtime.env.fixed.HEADROOM_DOOR === "next";

  return (request, response) => {
    if (lingering.has(request.socket)) return;
    if (crossOrigin !== null && isApiTarget(request.url) && crossOrigin.handle(request, response)) return;
    if (bringsBody(request)) lingering.watch(request, response);
    let pathname: string;
    try {
      if (request.rawHeaders.length > MAX_HEADER_LINES * 2)
        throw new AppError("headers-too-large", `Send at most ${MAX_HEADER_LINES} header lines.`);
      requireOnce(request.rawHeaders);
      pathname = checkTarget(request.method ?? "", request.url ?? "");
    } catch (error) {
      refuse(runtime, request, response, error);
      return;
    }
    if (isSocketPath(pathname)) {
      realtime.handle(request, response);
      return;
    }
    if (runtime.phase === "draining") response.setHeader("Connection", "close");
    if (!streaming(pathname)) limitArrival(runtime, arrivals, request, response);
    const api = isApiPath(pathname);
    const answered =
      api && !throughNext ? direct(request, response) : toNext(runtime, proxies, request, response, pages, api);
    answered.catch((error: unknown) => onFailure(runtime, request, response, error));
  };
}

/** The chunks of a body. Code that stops reading keeps the connection open for the response. */
class Chunks implements AsyncIterable<Uint8Array> {
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#incoming.iterator({ destroyOnReturn: false });
  }
}

function toNext(
  runtime: Runtime,
  proxies: Proxies,
  request: IncomingMessage,
  response: ServerResponse,
  pages: PageHandler,
  api: boolean,
): Promise<void> {
  // CVE-2025-29927: a client must not be able to tell Next which middleware has run.
  delete request.headers["x-middleware-subrequest"];
  // Next drops Content-Encoding from responses of route handlers, so responses through this door must not be encoded.
  if (api) delete request.headers["accept-encoding"];
  const { address, secure } = proxies.peerOf(request);
  request.headers[PEER_HEADER] = address;
  request.headers[SECURE_HEADER] = secure ? "1" : "0";
  request.headers[TARGET_HEADER] = request.url ?? "/";
  if (!api) setPageHeaders(runtime, request, response);
  return pages(request, response);
}

function onFailure(runtime: Runtime, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  runtime.log.error({ err: error, path: request.url }, "request failed");
  if (response.headersSent) response.destroy();
  else refuse(runtime, request, response, error);
}

/** Next reads the nonce for its scripts from the policy on the request. */
function setPageHeaders(runtime: Runtime, request: IncomingMessage, response: ServerResponse): void {
  const nonce = randomBytes(16).toString("base64");
  // Development compiles with eval and reloads over a socket.
  const development = runtime.env.production ? "" : " 'unsafe-eval'";
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self' ws: wss:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
  request.headers["content-security-policy"] = policy;
  response.setHeader("Content-Security-Policy", policy);
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("X-Frame-Options", "DENY");
  response.setHeader("Referrer-Policy", "same-origin");
  response.setHeader("Strict-Transport-Security", API_HEADERS["Strict-Transport-Security"]);
  response.setHeader("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

/** Refusals of targets and headers may be read across origins too, so this comes before they are checked. */
const isApiTarget = (url = "/"): boolean => isApiPath(url.split("?", 1)[0] ?? "/");

function bringsBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/**
 * A body that trickles in would hold its socket for ever: Node's own request timeout knows no exception for streams.
 */
function limitArrival(runtime: Runtime, arrivals: Arrivals, request: IncomingMessage, response: ServerResponse): void {
  if (!bringsBody(request)) return;
  arrivals.expect(request, () => {
    const error = new AppError("request-timeout", "The body did not arrive within 30 s.");
    if (!response.headersSent) refuse(runtime, request, response, error);
    response.once("close", () => request.destroy());
  });
}

function streamingPaths(routes: readonly Route[]): (pathname: string) => boolean {
  const patterns = routes
    .filter(({ spec }) => spec.streams)
    .map(({ spec }) => new RegExp(`^${spec.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`));
  return (pathname) => patterns.some((pattern) => pattern.test(pathname));
}
