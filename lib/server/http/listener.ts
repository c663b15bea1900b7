import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { AppError, type ProblemCode } from "../../shared/errors.ts";
import type { Runtime } from "../runtime.ts";
import type { createApp } from "./app.ts";
import type { Route } from "./define-route.ts";
import { toProblem } from "./problem.ts";
import { API_HEADERS } from "./respond.ts";
import { checkTarget, isApiPath } from "./target.ts";

/** How long a request may take to arrive, streams excepted. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Header lines of one request: Node drops what is over its own bound without a word, so ours is below it. */
export const MAX_HEADER_LINES = 200;
/**
 * Where our own server tells the Next door who the peer is and what it asked for: Next rebuilds the URL, and drops
 * parameters as it does. What a client sends under these names is overwritten.
 */
export const PEER_HEADER = "x-headroom-peer";
export const TARGET_HEADER = "x-headroom-target";

export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The one listener of the server: checks the target, then hands it to the API by the door in force, or to the pages. */
export function createListener(
  runtime: Runtime,
  app: ReturnType<typeof createApp>,
  routes: readonly Route[],
  pages: PageHandler,
): RequestListener {
  const direct = getRequestListener((request, { incoming }) => {
    const { socket, url = "/" } = incoming as IncomingMessage;
    return app.fetch(request, { door: "direct", peer: socket.remoteAddress ?? "unknown", target: url });
  });
  const streaming = streamingPaths(routes);
  const throughNext = runtime.env.fixed.HEADROOM_DOOR === "next";

  return (request, response) => {
    let pathname: string;
    try {
      if (request.rawHeaders.length > MAX_HEADER_LINES * 2)
        throw new AppError("headers-too-large", `Send at most ${MAX_HEADER_LINES} header lines.`);
      pathname = checkTarget(request.method ?? "", request.url ?? "");
    } catch (error) {
      refuse(runtime, request, response, error);
      return;
    }
    if (runtime.phase === "draining") response.setHeader("Connection", "close");
    if (!streaming(pathname)) limitArrival(runtime, request, response);
    const api = isApiPath(pathname);
    // The pages of the API's description are files, not route handlers: they have the one door.
    const answered =
      api && (!throughNext || pathname.startsWith("/docs"))
        ? direct(request, response)
        : toNext(runtime, request, response, pages, api);
    answered.catch((error: unknown) => onFailure(runtime, request, response, error));
  };
}

function toNext(
  runtime: Runtime,
  request: IncomingMessage,
  response: ServerResponse,
  pages: PageHandler,
  api: boolean,
): Promise<void> {
  // CVE-2025-29927: a client must not tell Next which middleware has run.
  delete request.headers["x-middleware-subrequest"];
  request.headers[PEER_HEADER] = request.socket.remoteAddress ?? "unknown";
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

/** A body that trickles in would hold its socket for ever: Node's own request timeout knows no exception for streams. */
function limitArrival(runtime: Runtime, request: IncomingMessage, response: ServerResponse): void {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === "0")) return;
  const stop = runtime.clock.after(REQUEST_TIMEOUT_MS, () => {
    if (request.complete) return;
    const error = new AppError("request-timeout", "The body did not arrive in 30 s.");
    if (!response.headersSent) refuse(runtime, request, response, error);
    response.once("close", () => request.destroy());
  });
  request.once("end", stop);
  request.once("close", stop);
}

function streamingPaths(routes: readonly Route[]): (pathname: string) => boolean {
  const patterns = routes
    .filter(({ spec }) => spec.streams)
    .map(({ spec }) => new RegExp(`^${spec.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`));
  return (pathname) => patterns.some((pattern) => pattern.test(pathname));
}

/** Answers with a problem what never reaches the API. */
export function refuse(runtime: Runtime, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const requestId = randomUUID();
  const { problem, headers } = toProblem(error, requestId);
  runtime.traffic.count("none", request.method ?? "", problem.status, "server", 0);
  runtime.log.info(
    { requestId, method: request.method, status: problem.status, code: problem.code },
    "request refused",
  );
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, {
    ...API_HEADERS,
    "Content-Length": Buffer.byteLength(body),
    ...headers,
    "Content-Type": "application/problem+json",
    "X-Request-Id": requestId,
    Connection: "close",
  });
  response.end(body);
}

const CLIENT_ERRORS: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

/** What Node's parser refuses still gets a problem; there is no response object for it. */
export function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CLIENT_ERRORS[error.code ?? ""] ?? "malformed-request";
  const { problem } = toProblem(new AppError(code, "The request is not HTTP that this server takes."), randomUUID());
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${problem.requestId}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`,
  );
}
