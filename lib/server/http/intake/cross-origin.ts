import type { IncomingMessage, ServerResponse } from "node:http";

/** Response headers that a page of another origin may read. */
const EXPOSED = [
  "Age",
  "Allow",
  "Cache-Status",
  "Cache-Tag",
  "Cache-Meta",
  "Content-Disposition",
  "ETag",
  "Idempotency-Replayed",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Upload-Complete",
  "Upload-Offset",
  "X-Cache",
  "X-Fill-Lease",
  "X-Fill-Pending",
  "X-Headroom-Door",
  "X-Request-Id",
  "X-Version",
].join(", ");
const METHODS = "GET, HEAD, PUT, PATCH, POST, DELETE";
/** Names of headers, as a browser asks for them. */
const NAMES = /^[\w!#$%&'*+.^`|~-]{1,100}(?:\s*,\s*[\w!#$%&'*+.^`|~-]{1,100}){0,49}$/;
const PREFLIGHT_SECONDS = "600";

/** Whether an entry of `HEADROOM_CORS_ORIGINS` is an origin, as a browser sends it: no path, no default port, no `*`. */
export function isOrigin(text: string): boolean {
  if (!/^https?:\/\//.test(text) || text.includes("*") || !URL.canParse(text)) return false;
  return new URL(text).origin === text;
}

/**
 * Pages of other origins that may call the API with a key of their own. No cookie counts for them: there is never
 * `Access-Control-Allow-Credentials`, and the Origin check of writes by cookie and of sockets knows nothing of this list.
 */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  /** @param origins each as `isOrigin` takes it. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** Says in the response who may read it. @returns true when it was a preflight, which is answered without a key. */
  handle({ method, headers }: IncomingMessage, response: ServerResponse): boolean {
    if (this.#origins.size === 0) return false;
    const { origin } = headers;
    const isAllowed = origin !== undefined && this.#origins.has(origin);
    // A shared cache must not hand one origin's answer to another.
    beforeHead(response, () => {
      const vary = [response.getHeader("Vary") ?? []].flat().join(", ");
      response.setHeader("Vary", vary === "" ? "Origin" : `${vary}, Origin`);
      if (!isAllowed) return;
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Access-Control-Expose-Headers", EXPOSED);
    });
    if (!isAllowed || method !== "OPTIONS" || headers["access-control-request-method"] === undefined) return false;
    const asked = headers["access-control-request-headers"] ?? "";
    response.setHeader("Access-Control-Allow-Methods", METHODS);
    if (NAMES.test(asked)) response.setHeader("Access-Control-Allow-Headers", asked);
    response.setHeader("Access-Control-Max-Age", PREFLIGHT_SECONDS);
    response.writeHead(204).end();
    return true;
  }
}

/** Runs `change` when all other headers are set, whoever sets them: Next replaces `Vary`, and so does a cached response. */
function beforeHead(response: ServerResponse, change: () => void): void {
  const writeHead = response.writeHead.bind(response) as (status: number, message?: string) => ServerResponse;
  const replaced = (status: number, ...rest: unknown[]): ServerResponse => {
    const [message] = rest;
    const headers = rest.find((part) => typeof part === "object" && part !== null) ?? {};
    for (const [name, value] of pairsOf(headers)) response.setHeader(name, value);
    change();
    return typeof message === "string" ? writeHead(status, message) : writeHead(status);
  };
  response.writeHead = replaced as ServerResponse["writeHead"];
}

type HeaderValue = string | readonly string[];

/** Node takes an object, a flat list, or a list of pairs. */
function pairsOf(headers: object): [string, HeaderValue][] {
  if (!Array.isArray(headers)) return Object.entries(headers as Record<string, HeaderValue>);
  if (Array.isArray(headers[0])) return headers as [string, HeaderValue][];
  return Array.from({ length: headers.length / 2 }, (_, at) => [headers[at * 2], headers[at * 2 + 1]]);
}
