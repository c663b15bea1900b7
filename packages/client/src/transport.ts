import { ConnectionError, errorOf, HeadroomError, type ProblemBody, TimeoutError } from "./errors.ts";

export interface HeadroomOptions {
  /** Where the server is: `http://127.0.0.1:3000`. A path is kept, for a server behind a prefix. */
  url: string | URL;
  /** The API key. Omit it in a page that is signed in with the dashboard's cookie. */
  key?: string;
  /** The namespace to use; only operators may name one other than their key's. */
  namespace?: string;
  /** How long each attempt may take until its response begins; 30,000 by default, 0 for no limit. */
  timeoutMs?: number;
  /** How often a request is repeated after a failure that may pass; 2 by default. */
  retries?: number;
  /** A longer `Retry-After` is not waited for but thrown; 30,000 by default. */
  longestRetryAfterMs?: number;
  /** The fetch to use, such as one with a proxy. */
  fetch?: typeof fetch;
}

/** Options of a single call. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  retries?: number | undefined;
}

/** Preconditions (RFC 9110). A call whose precondition does not hold throws `PreconditionFailedError` and changes nothing. */
export interface Precondition extends CallOptions {
  /** The version that must be there: what `version` or `etag` of an earlier answer said. */
  ifVersion?: string | number | undefined;
  /** Nothing may be there yet. */
  ifAbsent?: boolean | undefined;
}

export type Query = Record<string, string | number | boolean | undefined | null>;

export interface Call {
  query?: Query | undefined;
  headers?: Record<string, string> | undefined;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. A stream can be sent once, so a call with one is never repeated. */
  body?: BodyInit | undefined;
  /** Repeating it does no harm, though the method alone would not promise that: a search, for example. */
  repeatable?: boolean;
  /** Statuses that the caller reads itself: no error is thrown for them. */
  accepts?: readonly number[];
}

type Method = "GET" | "HEAD" | "PUT" | "POST" | "PATCH" | "DELETE";

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;
/** The server says with these that it did nothing, so the request may be sent again whatever it is. */
const NOT_DONE = new Set(["too-many-requests", "memory-pressure", "overloaded", "not-ready", "shutting-down"]);
const MAY_PASS = new Set([429, 502, 503, 504]);
/** The try before is still running: its answer comes to whoever asks again. */
const STILL_RUNNING = "idempotency-key-in-use";

/** Sends requests: adds the key, repeats what may be repeated, and turns refusals into errors. */
export class Transport {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #jsonHeaders: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #retries: number;
  readonly #longestRetryAfterMs: number;
  readonly #fetch: typeof fetch;

  constructor(options: HeadroomOptions) {
    const { origin, pathname } = new URL(options.url);
    this.#base = origin + pathname.replace(/\/+$/, "");
    this.#headers = {
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(options.namespace === undefined ? {} : { "x-namespace": options.namespace }),
    };
    this.#jsonHeaders = { ...this.#headers, "content-type": "application/json" };
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#retries = options.retries ?? 2;
    this.#longestRetryAfterMs = options.longestRetryAfterMs ?? 30_000;
    // A browser's fetch must be called as the window's own.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  get base(): string {
    return this.#base;
  }

  /** The header that a socket signs in with; undefined without a key. */
  get authorization(): string | undefined {
    return this.#headers.authorization;
  }

  /** The answer as JSON. @throws {HeadroomError} for every status from 400 that `call.accepts` does not name. */
  json<T>(method: Method, path: string, call: Call = {}, options: CallOptions = {}): Promise<T> {
    return this.request(method, path, call, options, async (response) => {
      const text = await response.text();
      if (text === "" && response.headers.has("idempotency-replayed")) throw answerNotKept(response);
      return JSON.parse(text) as T;
    });
  }

  /** The answer as JSON, or null where there is nothing of that id. */
  find<T>(path: string, call: Call = {}, options: CallOptions = {}): Promise<T | null> {
    return this.request("GET", path, { ...call, accepts: [404] }, options, async (response) => {
      if (response.status !== 404) return (await response.json()) as T;
      await discard(response);
      return null;
    });
  }

  /** Whether there was something to remove. */
  remove(path: string, call: Call = {}, options: CallOptions = {}): Promise<boolean> {
    return this.request("DELETE", path, { ...call, accepts: [404] }, options, async (response) => {
      await discard(response);
      return response.status !== 404;
    });
  }

  /**
   * One request, repeated where that may help. `read` takes what it needs of the response within the time limit; a
   * response that it returns unread has no limit for its body. @throws {HeadroomError}
   */
  async request<T>(
    method: Method,
    path: string,
    call: Call,
    options: CallOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const { query, json, body, headers } = call;
    const url = this.#base + path + (query ? queryText(query) : "");
    const shared = json === undefined ? this.#headers : this.#jsonHeaders;
    const init: RequestInit & { duplex?: "half" } = { method, headers: headers ? { ...shared, ...headers } : shared };
    if (json !== undefined) init.body = JSON.stringify(json);
    else if (body !== undefined) init.body = body;
    const isStream = body instanceof ReadableStream;
    if (isStream) init.duplex = "half";
    const repeatable = !isStream && (call.repeatable ?? (method !== "POST" && method !== "PATCH"));
    const most = isStream ? 0 : (options.retries ?? this.#retries);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(url, init, call, options, read);
      } catch (failure) {
        if (!(failure instanceof HeadroomError) || attempt >= most) throw failure;
        const waitMs = failure.retryAfterMs ?? backoffMs(attempt);
        const mayPass = failure.status === 0 || MAY_PASS.has(failure.status) || failure.code === STILL_RUNNING;
        const mayRepeat = repeatable || NOT_DONE.has(failure.code);
        if (!mayPass || !mayRepeat || waitMs > this.#longestRetryAfterMs) throw failure;
        await delay(waitMs, options.signal);
      }
    }
  }

  async #attempt<T>(
    url: string,
    init: RequestInit,
    { accepts }: Call,
    { signal, timeoutMs = this.#timeoutMs }: CallOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const limit = new AbortController();
    const timer = timeoutMs > 0 ? setTimeout(() => limit.abort(), timeoutMs) : undefined;
    try {
      const either = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
      const response = await this.#fetch(url, { ...init, signal: either });
      if (response.status < 400 || accepts?.includes(response.status)) return await read(response);
      throw errorOf(response.status, await problemOf(response), response.headers);
    } catch (cause) {
      if (cause instanceof HeadroomError) throw cause;
      signal?.throwIfAborted();
      throw limit.signal.aborted
        ? new TimeoutError(`No response within ${timeoutMs} ms.`, { status: 0, code: "timeout", cause })
        : new ConnectionError(`${url} does not respond.`, { status: 0, code: "no-response", cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** It was made by an earlier try, whose answer was lost and is too large to be given again: read what was made. */
const answerNotKept = ({ status, headers }: Response): HeadroomError =>
  new HeadroomError("It was done, but its answer was lost and is too large to come again. Read what was made.", {
    status,
    code: "answer-not-kept",
    requestId: headers.get("x-request-id") ?? undefined,
  });

async function problemOf(response: Response): Promise<ProblemBody | null> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? body : null;
  } catch {
    return null;
  }
}

/** Reads a short body that nobody wants, so that its connection can be used again. */
export async function discard(response: Response): Promise<void> {
  await response.arrayBuffer();
}

/** Full jitter: many clients that failed together do not come back together. */
function backoffMs(attempt: number): number {
  return Math.random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 4 ** attempt);
}

export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null) parameters.set(name, String(value));
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** An id as a path segment. */
export const segment = (id: string): string => encodeURIComponent(id);

/** The headers of a precondition; undefined when there is none. */
export function conditionHeaders({ ifVersion, ifAbsent }: Precondition): Record<string, string> | undefined {
  if (ifAbsent) return { "if-none-match": "*" };
  if (ifVersion === undefined) return undefined;
  const text = String(ifVersion);
  return { "if-match": text.startsWith('"') ? text : `"${text}"` };
}
