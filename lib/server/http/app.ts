import { createHash, randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { TokenBucket } from "../../shared/token-bucket.ts";
import { authenticate, namespaceOf, requireRole, requireSameOrigin } from "../auth/authenticate.ts";
import type { Identity } from "../auth/held-key.ts";
import { requireOwnHost } from "../auth/own-host.ts";
import type { Runtime } from "../runtime.ts";
import { sentHeaders } from "./answer/openapi.ts";
import { toProblem } from "./answer/problem.ts";
import { type Stamp, toResponse } from "./answer/respond.ts";
import { isReply, type Route, type RouteContext, reply } from "./define-route.ts";
import { admit } from "./intake/admission.ts";
import { parseRequest } from "./intake/parse-request.ts";
import { answerOnce, idempotencyKey } from "./once.ts";
import { RouteTable } from "./route-table.ts";
import { runRoute } from "./run-route.ts";

/** Facts about a request that only the door knows. */
export interface DoorBindings {
  door: "direct" | "next";
  peer: string;
  /** Whether the client came over TLS, as a trusted proxy says. */
  secure: boolean;
  /** The target of the request line: path and query as sent. */
  target: string;
  /** The body as read from the socket. */
  chunks?: AsyncIterable<Uint8Array>;
}

type App = Hono<{ Bindings: DoorBindings }>;

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;
/** An unused name: a public route's handler has no identity. */
const NOBODY: Identity = {
  keyId: "nobody",
  name: "nobody",
  role: "viewer",
  namespace: "default",
  expiresAtMs: null,
  via: "bearer",
  signIn: null,
  bucket: null,
  hash: "",
};

/** The HTTP API: one application for both doors. A request passes `answer` once, from its id to its response. */
export function createApp(runtime: Runtime, routes: readonly Route[]): App {
  const app: App = new Hono({ strict: true, router: new RouteTable() });
  for (const route of routes) {
    app.on(route.spec.method.toUpperCase(), honoPath(route), (c) => answer(runtime, c, route));
  }
  for (const [path, methods] of methodsByPath(routes)) {
    const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    app.all(path, (c) => answer(runtime, c, null, allow));
  }
  app.all("*", (c) => answer(runtime, c, null));
  return app;
}

const honoPath = ({ spec }: Route): string => spec.path.replaceAll(/\{(\w+)\}/g, ":$1");

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const route of routes) {
    const methods = paths.get(honoPath(route)) ?? [];
    paths.set(honoPath(route), [...methods, route.spec.method.toUpperCase()]);
  }
  return paths;
}

/** Handles one request from its id to its response: the only place that maps errors to HTTP. */
async function answer(
  runtime: Runtime,
  c: Context<{ Bindings: DoorBindings }>,
  route: Route | null,
  allow?: string,
): Promise<Response> {
  const request = c.req.raw;
  const { door } = c.env;
  const wantedId = request.headers.get("x-request-id");
  const stamp: Stamp = {
    requestId: wantedId !== null && SANE_REQUEST_ID.test(wantedId) ? wantedId : randomUUID(),
    door,
  };
  const started = performance.now();
  let response: Response;
  try {
    const result = route ? await handle(runtime, request, route, stamp, c.env) : noRoute(request, allow);
    response = result instanceof Response ? result : toResponse(result, stamp);
  } catch (error) {
    response = toErrorResponse(runtime, error, stamp, request);
  }
  // Hono answers HEAD as GET and drops the body, so the source of the body would wait for a reader.
  if (request.method === "HEAD") await response.body?.cancel().catch(() => undefined);
  runtime.traffic.count(route?.spec.path ?? "none", request.method, response.status, door, performance.now() - started);
  return response;
}

function noRoute(request: Request, allow: string | undefined): Response {
  if (allow === undefined) throw new AppError("not-found", "No route has this path; /openapi.json lists all routes.");
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { Allow: allow } });
  throw new AppError("method-not-allowed", `This path supports ${allow}.`, { headers: { Allow: allow } });
}

/** @throws {AppError} at once, where it can: no promise is made for what is refused. */
function handle(
  runtime: Runtime,
  request: Request,
  route: Route,
  { requestId }: Stamp,
  door: DoorBindings,
): Promise<unknown> {
  const { spec } = route;
  const identity = spec.role === null ? NOBODY : identify(runtime, request, route, door.peer, requestId);
  const namespace = spec.role === null ? identity.namespace : namespaceOf(identity, request.headers.get("x-namespace"));
  const maxBodyBytes = runtime.settings.values.maxBodyMb * 1_048_576;
  const release = admit(runtime, route, request, maxBodyBytes);
  if (release instanceof Promise) return release;
  const work = run(release);
  // Only the client stops waiting: what the handler holds is given back when it ends.
  return waitsForStorage(route) ? runtime.storage.bounded(work) : work;

  async function run(done: () => void): Promise<unknown> {
    try {
      const key = spec.idempotent ? idempotencyKey(request.headers) : null;
      const sent = key === null ? null : createHash("sha256");
      const { params, query, body } = await parseRequest(route, request, door.target, maxBodyBytes, sent);
      const { peer, secure, chunks } = door;
      // One literal: a spread object gets a hidden class of its own, and every access to it misses the inline cache.
      const asked = { params, query, body, runtime, identity, namespace, request, chunks, requestId, peer, secure };
      if (key === null || sent === null) return await perform(route, asked);
      const keyed = { key, bodyHash: sent.digest("hex") };
      return await answerOnce(runtime.firstAnswers, route, asked, keyed, async () => perform(route, asked));
    } finally {
      done();
    }
  }
}

function perform(route: Route, asked: RouteContext<unknown, unknown, unknown>): unknown {
  return asked.runtime.env.production ? runRoute(route, asked) : checked(route, asked);
}

async function checked(route: Route, asked: RouteContext<unknown, unknown, unknown>): Promise<unknown> {
  const result = await runRoute(route, asked);
  checkAnswer(route, result);
  return result;
}

/** The response cache lies in memory alone, and who waits there waits for another client. */
const waitsForStorage = ({ spec }: Route): boolean => !spec.path.startsWith("/api/v1/cache");

/** The authorized identity. A refused write is recorded in the audit log. */
function identify(runtime: Runtime, request: Request, { spec }: Route, peer: string, requestId: string): Identity {
  const { headers } = request;
  if (spec.keyOnly) requireOwnHost(headers, runtime.env.fixed.HEADROOM_MCP_HOSTS);
  const identity = authenticate(
    runtime.gate,
    { authorization: headers.get("authorization"), cookie: spec.keyOnly ? null : headers.get("cookie") },
    peer,
  );
  if (identity.bucket !== null) requireRate(identity.bucket, runtime.clock.monotonicMs());
  try {
    if (spec.role !== null) requireRole(identity, spec.role);
    if (identity.via === "cookie" && spec.method !== "get") {
      requireSameOrigin({
        origin: headers.get("origin"),
        site: headers.get("sec-fetch-site"),
        host: headers.get("host"),
      });
    }
  } catch (error) {
    if (spec.method !== "get" && error instanceof AppError) {
      runtime.audit.refused(identity, `${spec.method.toUpperCase()} ${spec.path}`, error.code, requestId);
    }
    throw error;
  }
  return identity;
}

/** @throws {AppError} `too-many-requests`. */
function requireRate(bucket: TokenBucket, nowMs: number): void {
  const waitMs = bucket.take(nowMs);
  if (waitMs === 0) return;
  const seconds = String(Math.ceil(waitMs / 1000));
  const { perMinute } = bucket;
  throw new AppError("too-many-requests", `This key may make ${perMinute} requests a minute. Retry later.`, {
    headers: {
      "Retry-After": seconds,
      "RateLimit-Policy": `"key";q=${perMinute};w=60`,
      RateLimit: `"key";r=0;t=${seconds}`,
    },
  });
}

/** Outside production, a response that violates its contract fails loudly. */
function checkAnswer({ spec }: Route, result: unknown): void {
  if (result instanceof Response) return;
  const { status, body, headers } = isReply(result) ? result.reply : { status: 200, body: result, headers: undefined };
  const expected = spec.responses[status];
  if (!expected) throw new Error(`${spec.method} ${spec.path} answered ${status}, which it does not declare`);
  const declared: readonly string[] = ["Content-Type", "Cache-Control", ...sentHeaders(spec, status)];
  const other = Object.keys(headers ?? {}).find((name) => !declared.includes(name));
  if (other !== undefined) throw new Error(`${spec.method} ${spec.path} sent ${other}, which it does not declare`);
  // The schema describes the JSON form; a history as CSV is text.
  if (!expected.schema || headers?.["Content-Type"]?.startsWith("text/")) return;
  // Some answers are written as JSON where their data lie as bytes.
  const given = body instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(body)) : body;
  const parsed = expected.schema.safeParse(given);
  if (!parsed.success) throw new Error(`${spec.method} ${spec.path} answered out of contract: ${parsed.error.message}`);
}

function toErrorResponse(runtime: Runtime, error: unknown, stamp: Stamp, request: Request): Response {
  const { problem, headers } = toProblem(error, stamp.requestId);
  if (problem.code === "memory-pressure") runtime.traffic.memoryRefusals += 1;
  const line = { requestId: stamp.requestId, method: request.method, status: problem.status, code: problem.code };
  if (problem.status >= 500 && problem.code === "internal")
    runtime.log.error({ ...line, err: error }, "request failed");
  else runtime.log.info({ ...line, detail: problem.detail }, "request refused");
  return toResponse(reply(problem.status, problem, { "Content-Type": "application/problem+json", ...headers }), stamp);
}
