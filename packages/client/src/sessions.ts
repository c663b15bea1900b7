import { List } from "./pages.ts";
import { type CallOptions, conditionHeaders, type Precondition, segment, type Transport } from "./transport.ts";
import type {
  NewSession,
  Session,
  SessionChange,
  SessionCount,
  SessionsBatch,
  SessionsBatchResult,
  SessionTerms,
  SessionWithData,
} from "./types.ts";

const BASE = "/api/v1/sessions";

export interface SessionFilter {
  /** Only sessions that have this tag. */
  tag?: string | undefined;
  /** Only sessions whose ids begin so. */
  prefix?: string | undefined;
}
export interface ListSessions extends SessionFilter, CallOptions {
  sort?: "bytes" | "lastUsedAt" | "createdAt" | undefined;
  order?: "asc" | "desc" | undefined;
  /** Items read at once, at most 500. */
  limit?: number | undefined;
}

/** Sessions: data of one user or run, kept while it is used. Ids are chosen by the server, or by the caller (22–256 bytes). */
export class Sessions {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates a session, under `id` if given. @throws {PreconditionFailedError} when `id` exists already. */
  create(session: NewSession & { id?: string }, options: CallOptions = {}): Promise<Session> {
    const { id, ...json } = session;
    if (id === undefined)
      return this.#transport.json(
        "POST",
        BASE,
        { json, headers: { "idempotency-key": crypto.randomUUID() }, repeatable: true },
        options,
      );
    const headers = { "if-none-match": "*" };
    return this.#transport.json("PUT", `${BASE}/${segment(id)}`, { json, headers, repeatable: false }, options);
  }

  /** Reads a session; null when there is none. Reading is a use, which moves its idle end, unless `peek` is set. */
  get<Data = unknown>(
    id: string,
    options: CallOptions & { peek?: boolean } = {},
  ): Promise<(Omit<SessionWithData, "data"> & { data: Data }) | null> {
    const query = options.peek ? { peek: 1 } : undefined;
    return this.#transport.find(`${BASE}/${segment(id)}`, { query }, options);
  }

  /** Replaces the data; timeouts and tags stay unless they are named. @throws {NotFoundError} */
  replace(id: string, session: NewSession, options: Precondition = {}): Promise<Session> {
    const headers = conditionHeaders(options);
    return this.#transport.json("PUT", `${BASE}/${segment(id)}`, { json: session, headers }, options);
  }

  /** Changes what is named; `data` is a merge patch (RFC 7396). @throws {NotFoundError} */
  patch(id: string, change: SessionChange, options: Precondition = {}): Promise<Session> {
    const headers = conditionHeaders(options);
    return this.#transport.json("PATCH", `${BASE}/${segment(id)}`, { json: change, headers }, options);
  }

  /** Uses a session without reading it: its idle end moves. @throws {NotFoundError} */
  touch(id: string, change: SessionTerms = {}, options: CallOptions = {}): Promise<Session> {
    return this.#transport.json("POST", `${BASE}/${segment(id)}/touch`, { json: change, repeatable: true }, options);
  }

  /** Ends a session; false when there was none. */
  delete(id: string, options: Precondition = {}): Promise<boolean> {
    return this.#transport.remove(`${BASE}/${segment(id)}`, { headers: conditionHeaders(options) }, options);
  }

  /** Sessions without their data. Listing does not count as use. */
  list({ tag, prefix, sort, order, limit, ...options }: ListSessions = {}): List<Session> {
    return new List(this.#transport, BASE, { tag, prefix, sort, order, limit }, options);
  }

  count({ tag, prefix, ...options }: SessionFilter & CallOptions = {}): Promise<SessionCount> {
    return this.#transport.json("GET", `${BASE}/count`, { query: { tag, prefix } }, options);
  }

  /** Ends many sessions: "sign out everywhere" by tag. */
  deleteMany(which: SessionFilter | { all: true }, options: CallOptions = {}): Promise<{ removed: number }> {
    return this.#transport.json("DELETE", BASE, { query: { ...which } }, options);
  }

  /** Reads and ends up to 100 sessions in one request, with a result for each. Reading is a use, unless `peek` is set. */
  batch(batch: SessionsBatch, options: CallOptions = {}): Promise<SessionsBatchResult> {
    return this.#transport.json("POST", `${BASE}/batch`, { json: batch, repeatable: true }, options);
  }
}
