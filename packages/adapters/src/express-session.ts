import { ConflictError, type Headroom, NotFoundError, PreconditionFailedError } from "@headroom/client";
import { type SessionData, Store } from "express-session";
import { LONGEST_IDLE_SECONDS, readSessions } from "./keyed-sessions.ts";

export interface HeadroomStoreOptions {
  client: Headroom;
  /** What the ids of this store begin with, so that `all`, `length` and `clear` see no others; `sess:` by default. */
  prefix?: string | undefined;
  /** Idle seconds of a session whose cookie has no `maxAge`; a day by default. */
  ttlSeconds?: number | undefined;
  /** Seconds after which a session ends however much it is used; no such end by default. */
  absoluteSeconds?: number | undefined;
}

type Callback<T = void> = (error?: unknown, value?: T) => void;
/** What the server knew when the session was read or written last. */
interface Known {
  idleSeconds: number;
  originalMaxAge: number | null;
  atMs: number;
}

/**
 * Keeps express-session's sessions in Headroom: they outlive this process and that one. A request that only reads its
 * session takes one round trip, since reading moves the idle end already; one that saves it takes two.
 */
export class HeadroomStore extends Store {
  readonly #client: Headroom;
  readonly #prefix: string;
  readonly #ttlSeconds: number;
  readonly #absoluteSeconds: number | undefined;
  readonly #known = new WeakMap<object, Known>();

  constructor({ client, prefix = "sess:", ttlSeconds = 86_400, absoluteSeconds }: HeadroomStoreOptions) {
    super();
    this.#client = client;
    this.#prefix = prefix;
    this.#ttlSeconds = ttlSeconds;
    this.#absoluteSeconds = absoluteSeconds;
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    settle(this.#read(sid), callback);
  }

  override set(sid: string, session: SessionData, callback?: Callback): void {
    settle(this.#save(sid, session), callback);
  }

  override touch(sid: string, session: SessionData, callback?: Callback): void {
    settle(this.#touch(sid, session), callback);
  }

  override destroy(sid: string, callback?: Callback): void {
    settle(this.#end(sid), callback);
  }

  /** Every session of this store, as an array; each has its `id` too. Reading them this way is no use of them. */
  override all(callback: (error: unknown, sessions?: SessionData[] | null) => void): void {
    settle(this.#all(), callback);
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    const counted = this.#client.sessions.count({ prefix: this.#prefix });
    settle(
      counted.then(({ count }) => count),
      callback,
    );
  }

  /** Ends every session of this store: everybody is signed out. */
  override clear(callback?: Callback): void {
    settle(
      this.#client.sessions.deleteMany({ prefix: this.#prefix }).then(() => undefined),
      callback,
    );
  }

  override createSession(...[request, data]: Parameters<Store["createSession"]>): ReturnType<Store["createSession"]> {
    const session = super.createSession(request, data);
    const known = this.#known.get(data);
    if (known) this.#known.set(session, known);
    return session;
  }

  async #read(sid: string): Promise<SessionData | null> {
    const found = await this.#client.sessions.get<SessionData>(this.#prefix + sid);
    if (!found) return null;
    const session = revived(found.data, found.expiresAt);
    this.#learn(session, found.idleTimeoutSeconds);
    return session;
  }

  async #save(sid: string, session: SessionData): Promise<void> {
    const idleTimeoutSeconds = this.#idleSeconds(session);
    if (idleTimeoutSeconds <= 0) return this.#end(sid);
    const change = { data: session, idleTimeoutSeconds };
    // What was read is there, most likely; what was not is new. So one round trip is enough.
    const saved = this.#known.has(session)
      ? (await this.#replace(sid, change)) || (await this.#create(sid, change))
      : (await this.#create(sid, change)) || (await this.#replace(sid, change));
    if (saved) this.#learn(session, idleTimeoutSeconds);
  }

  async #replace(sid: string, change: Change): Promise<boolean> {
    try {
      await this.#client.sessions.replace(this.#prefix + sid, change);
      return true;
    } catch (error) {
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  }

  async #create(sid: string, change: Change): Promise<boolean> {
    const end = this.#absoluteSeconds;
    const expiresAt = end === undefined ? {} : { expiresAt: new Date(Date.now() + end * 1000).toISOString() };
    try {
      await this.#client.sessions.create({ id: this.#prefix + sid, ...change, ...expiresAt });
      return true;
    } catch (error) {
      if (error instanceof PreconditionFailedError) return false;
      // It was ended while this request ran, by signing out for example: a late save revives nobody.
      if (error instanceof ConflictError && error.code === "session-ended") return true;
      throw error;
    }
  }

  async #touch(sid: string, session: SessionData): Promise<void> {
    const idleTimeoutSeconds = this.#idleSeconds(session);
    if (idleTimeoutSeconds <= 0) return this.#end(sid);
    const known = this.#known.get(session);
    const sameAge = known?.originalMaxAge === session.cookie.originalMaxAge;
    // Reading it was a use: within a hundredth of the idle time another would change nothing that anybody sees.
    const isRecent = known !== undefined && Date.now() - known.atMs <= known.idleSeconds * 10;
    if (known && sameAge && known.idleSeconds === idleTimeoutSeconds && isRecent) return;
    const id = this.#prefix + sid;
    try {
      if (!known || sameAge) await this.#client.sessions.touch(id, { idleTimeoutSeconds });
      // The cookie's age is in the data, so that the next request finds the one that was set in this.
      else await this.#client.sessions.patch(id, { data: { cookie: session.cookie }, idleTimeoutSeconds });
      this.#learn(session, idleTimeoutSeconds);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async #end(sid: string): Promise<void> {
    await this.#client.sessions.delete(this.#prefix + sid);
  }

  async #all(): Promise<SessionData[]> {
    const ids: string[] = [];
    for await (const { id } of this.#client.sessions.list({ prefix: this.#prefix, limit: 500 })) ids.push(id);
    const found = await readSessions<SessionData>(this.#client, ids);
    return found.flatMap((one, index) => {
      if (!one) return [];
      const id = (ids[index] ?? "").slice(this.#prefix.length);
      return [Object.assign(revived(one.data, one.expiresAt), { id })];
    });
  }

  #learn(session: SessionData, idleSeconds: number): void {
    const { originalMaxAge } = session.cookie;
    this.#known.set(session, { idleSeconds, originalMaxAge, atMs: Date.now() });
  }

  #idleSeconds({ cookie }: SessionData): number {
    if (!cookie.expires) return this.#ttlSeconds;
    const seconds = Math.ceil((new Date(cookie.expires).getTime() - Date.now()) / 1000);
    return Math.min(seconds, LONGEST_IDLE_SECONDS);
  }
}

interface Change {
  data: SessionData;
  idleTimeoutSeconds: number;
}

/** The cookie's end is the server's: uses have moved it since the data were written. */
function revived(session: SessionData, expiresAt: string): SessionData {
  const { cookie } = session;
  cookie.originalMaxAge ??= null;
  cookie.expires = cookie.originalMaxAge === null ? null : new Date(expiresAt);
  return session;
}

/** Outside of the promise, so that what a callback throws is its own error and no rejection of ours. */
function settle<T>(promise: Promise<T>, callback?: (error: unknown, value?: T) => void): void {
  promise.then(
    (value) => callback && process.nextTick(callback, null, value),
    (error) => callback && process.nextTick(callback, error),
  );
}
