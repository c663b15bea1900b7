import { AppError } from "../../../shared/errors.ts";

const API = /^\/(?:api|monitoring)(?:\/|$)|^\/(?:mcp|metrics|livez|readyz|openapi\.json|asyncapi\.json)(?:\/|$)/;

/** True for paths of the HTTP API; all others are pages and their assets. */
export const isApiPath = (pathname: string): boolean => API.test(pathname);

/** True for Socket.IO's own path, which takes GET and POST. */
export const isSocketPath = (pathname: string): boolean =>
  pathname === "/socket.io" || pathname.startsWith("/socket.io/");

/**
 * Checks a request's target before dispatch: Next responds with 500 to a broken escape and redirects `a//b` and `a/`,
 * and a URL parser would silently resolve `..`.
 *
 * @param method as the client sent it.
 * @param target the request line's target.
 * @returns the path, still percent-encoded, without the query.
 * @throws {AppError} `malformed-request`, `method-not-allowed` or `not-found`.
 */
export function checkTarget(method: string, target: string): string {
  if (!target.startsWith("/")) throw new AppError("malformed-request", "The request target must be a path.");
  const end = target.search(/[?#]/);
  const pathname = end === -1 ? target : target.slice(0, end);
  const api = isApiPath(pathname);
  if (method === "TRACE" || method === "CONNECT") throw notAllowed("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (!api && !isSocketPath(pathname) && method !== "GET" && method !== "HEAD") throw notAllowed("GET, HEAD");
  requireDecodable(pathname);
  if (end !== -1) requireDecodable(target.slice(end));
  if (!api && CLOSED.test(pathname.includes("%") ? decodeURIComponent(pathname) : pathname))
    throw new AppError("not-found", "No route has this path.");
  if (api && (pathname.includes("//") || pathname.endsWith("/")))
    throw new AppError("not-found", "No route has this path; /openapi.json lists all routes.");
  return pathname;
}

/** Headers about identity, host and content. If one is repeated, a proxy and this server may read different values. */
const ONCE: ReadonlyMap<string, number> = new Map([
  ["host", 1],
  ["authorization", 2],
  ["content-type", 4],
  ["origin", 8],
]);

/** The error for a header that is repeated and must not be; null where there is none. */
export function givenTwice(rawHeaders: readonly string[]): AppError | null {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? "";
    const bit = ONCE.get(name);
    if (bit === undefined) continue;
    if ((seen & bit) !== 0)
      return new AppError("malformed-request", `Send one ${name} header.`, {
        errors: [{ path: `header.${name}`, message: "must be sent only once" }],
      });
    seen |= bit;
  }
  return null;
}

/** @throws {AppError} `malformed-request` */
export function requireOnce(rawHeaders: readonly string[]): void {
  const twice = givenTwice(rawHeaders);
  if (twice !== null) throw twice;
}

/** Next's image optimizer fetches and stores any URL that a client names, and no page needs it. */
const CLOSED = /^\/_next\/image(?:\/|$)/;

/** Escapes must be UTF-8, and no segment may be `.` or `..`, escaped or not. */
function requireDecodable(text: string): void {
  if (!text.includes("%") && !text.includes("/.") && !text.includes("\\")) return;
  let decoded: string[];
  try {
    decoded = text.split("/").map(decodeURIComponent);
  } catch (cause) {
    throw new AppError("malformed-request", "The request target is not percent-encoded UTF-8.", { cause });
  }
  if (decoded.some((segment) => segment === "." || segment === "..")) {
    throw new AppError("malformed-request", "A path segment must not be . or ..");
  }
  if (text.includes("\\")) throw new AppError("malformed-request", "A path must not contain a backslash.");
}

function notAllowed(allow: string): AppError {
  return new AppError("method-not-allowed", `This path supports ${allow}.`, { headers: { Allow: allow } });
}
