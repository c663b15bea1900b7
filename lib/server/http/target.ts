import { AppError } from "../../shared/errors.ts";

const API = /^\/(?:api|monitoring|docs)(?:\/|$)|^\/(?:metrics|livez|readyz|openapi\.json)(?:\/|$)/;

/** True for what the HTTP API answers; the rest are pages and their assets. */
export const isApiPath = (pathname: string): boolean => API.test(pathname);

/** True for Socket.IO's own path, which takes GET and POST. */
export const isSocketPath = (pathname: string): boolean =>
  pathname === "/socket.io" || pathname.startsWith("/socket.io/");

/**
 * Checks a request's target before anything is dispatched: Next answers 500 to a broken escape and redirects `a//b` and `a/`,
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
  if (api && (pathname.includes("//") || pathname.endsWith("/")))
    throw new AppError("not-found", "There is no such route.");
  return pathname;
}

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
  if (text.includes("\\")) throw new AppError("malformed-request", "A path must not have a backslash.");
}

function notAllowed(allow: string): AppError {
  return new AppError("method-not-allowed", `This path takes ${allow}.`, { headers: { Allow: allow } });
}
