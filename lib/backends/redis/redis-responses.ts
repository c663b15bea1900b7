import { createHash, randomBytes } from "node:crypto";
import type { Encoding } from "../../ports/cache-store.ts";
import type {
  LeaseRequest,
  SharedFollower,
  SharedLease,
  SharedPut,
  SharedResponse,
  SharedResponses,
  SharedUse,
} from "../../ports/shared-responses.ts";
import type { Condition } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";
import type { RedisArgument } from "./redis-client.ts";
import type { RedisConnection, RedisScript } from "./redis-connection.ts";
import { CLEAR, DELETE, EVICT, HELD, LEASE, PUT, READ, SWEEP, USED } from "./response-lua.ts";
import { ResponseNews } from "./response-news.ts";
import { ResponseWalks } from "./response-walks.ts";

/** What an entry takes in Redis beside its texts: a hash of 15 fields, and its places in four indexes. Measured on 7.0. */
const ENTRY_BYTES = 1_400;
const TAG_BYTES = 110;
const SWEPT = 256;
/** Where one large response takes the place of many small ones, these many rounds of 256 are evicted for it. */
const MOST_ROUNDS = 64;
/** Above what is needed, so that a full Redis does not refuse the next one at once. */
const SPARE_BYTES = 64 * 1024;
const NO_CONDITION = { match: [], noneMatch: [] };

type ScriptName = "read" | "put" | "clear" | "delete" | "lease" | "used" | "sweep" | "evict" | "held";

export interface RedisResponsesOptions {
  redis: RedisConnection;
  /** Of all that the fleet keeps there. */
  maxBytes: number;
  /** Instead of the time of Redis, in milliseconds since 1970. */
  nowMs?: () => number;
}

/**
 * Responses in Redis. After every call all that the fleet keeps there takes at most `maxBytes`, by an estimate of what Redis needs
 * for it: the namespace that holds most loses its least lately used entries.
 */
export class RedisResponses implements SharedResponses {
  readonly purge: SharedResponses["purge"];
  readonly markStale: SharedResponses["markStale"];
  readonly measure: SharedResponses["measure"];
  readonly list: SharedResponses["list"];
  readonly figures: SharedResponses["figures"];
  readonly views: SharedResponses["views"];
  readonly #options: RedisResponsesOptions;
  readonly #news: ResponseNews;
  readonly #scripts: Readonly<Record<ScriptName, RedisScript>>;

  constructor(options: RedisResponsesOptions) {
    const { redis } = options;
    this.#options = options;
    this.#news = new ResponseNews(redis);
    const make = (lua: string): RedisScript => redis.script(0, lua);
    this.#scripts = {
      read: make(READ),
      put: make(PUT),
      clear: make(CLEAR),
      delete: make(DELETE),
      lease: make(LEASE),
      used: make(USED),
      sweep: make(SWEEP),
      evict: make(EVICT),
      held: make(HELD),
    };
    const walks = new ResponseWalks({
      script: make,
      now: () => this.#now(),
      onGone: (namespace, key) => this.#news.isGone(namespace, key),
    });
    this.purge = (namespace, what) => walks.purge(namespace, what);
    this.markStale = (namespace, what) => walks.markStale(namespace, what);
    this.measure = (namespace, what) => walks.measure(namespace, what);
    this.list = (namespace, filter) => walks.list(namespace, filter);
    this.figures = (namespace, what, offer) => walks.figures(namespace, what, offer);
    this.views = (namespace, keys) => walks.views(namespace, keys);
  }

  get isCurrent(): boolean {
    return this.#news.isCurrent;
  }

  follow(follower: SharedFollower): void {
    this.#news.follow(follower);
  }

  sizeOf(put: SharedPut): number {
    return sizeOf(put);
  }

  async read(namespace: string, key: string): Promise<SharedResponse | null> {
    const reply = await this.#run("read", namespace, key);
    return reply === null ? null : toResponse(reply as Fields);
  }

  async put(put: SharedPut): Promise<{ outcome: "added" | "replaced"; version: number }> {
    const { key, encoding, etag, identityTag, identityBytes, mediaType, tags, meta, bytes, lease, condition } = put;
    const size = sizeOf(put);
    // Refused before it is sent.
    if (size > this.#options.maxBytes) throw refusal("large");
    const args = [
      ...[key, this.#options.maxBytes, lease ?? "", toJson(condition), indexHash(key), size],
      ...[Math.max(0, Math.round(put.freshMs)), Math.max(0, Math.round(put.staleMs))],
      ...[toBuffer(bytes), encoding, etag, identityTag, identityBytes, mediaType, tags, meta],
    ];
    for (let round = 0; ; round++) {
      const [reply, version] = await this.#grow("put", put.namespace, args, size);
      const outcome = String(reply);
      if (outcome === "added" || outcome === "replaced") return { outcome, version: Number(version) };
      if (outcome !== "full" || round === MOST_ROUNDS) throw refusal(outcome);
      await this.evict(size + SPARE_BYTES);
    }
  }

  async clear(namespace: string, key: string, lease: string | undefined, condition: Condition | null): Promise<void> {
    const outcome = String(await this.#run("clear", namespace, key, lease ?? "", toJson(condition)));
    if (outcome !== "done") throw refusal(outcome);
  }

  async delete(
    namespace: string,
    key: string,
    lease: string | undefined,
    condition: Condition | null,
  ): Promise<boolean> {
    const outcome = String(await this.#run("delete", namespace, key, lease ?? "", toJson(condition)));
    if (outcome !== "done" && outcome !== "absent") throw refusal(outcome);
    return outcome === "done";
  }

  async lease({ namespace, key, leaseMs, token }: LeaseRequest): Promise<SharedLease> {
    const made = randomBytes(16).toString("base64url");
    const args = [key, this.#options.maxBytes, Math.round(leaseMs), token ?? "", made];
    const [outcome, more] = await this.#grow("lease", namespace, args, 0);
    switch (String(outcome)) {
      case "lease":
        return { outcome: "lease", token: String(more) };
      case "pending":
        return { outcome: "pending", leftMs: Number(more) };
      case "there":
        return { outcome: "there" };
      case "full":
        return { outcome: "full" };
      default:
        throw refusal("lease");
    }
  }

  async held(namespace: string, key: string): ReturnType<SharedResponses["held"]> {
    const [items, bytes, entryBytes] = (await this.#run("held", namespace, key)) as Fields;
    const all = { items: Number(items), bytes: Number(bytes) };
    return { all, entryBytes: entryBytes === null ? null : Number(entryBytes) };
  }

  async used(uses: readonly SharedUse[]): Promise<void> {
    const args = uses.flatMap(({ namespace, key, hits, unusedMs }) => [namespace, key, hits, Math.round(unusedMs)]);
    await this.#run("used", "", ...args);
  }

  async sweep(): Promise<void> {
    while (Number(await this.#run("sweep", "", SWEPT, this.#options.maxBytes)) === SWEPT);
  }

  /** Evicts entries until about so many bytes are free, or 256 have gone; returns the bytes, 0 when there is none. */
  async evict(bytes: number): Promise<number> {
    return Number(await this.#run("evict", "", Math.round(bytes)));
  }

  /** At its `maxmemory` Redis refuses a script that grows whole: then what is cached makes room for it, and it is tried again. */
  async #grow(
    name: "put" | "lease",
    namespace: string,
    args: readonly RedisArgument[],
    bytes: number,
  ): Promise<Fields> {
    try {
      return (await this.#run(name, namespace, ...args)) as Fields;
    } catch (error) {
      const isFull = error instanceof AppError && error.code === "storage-full";
      if (!isFull || (await this.evict(2 * bytes + SPARE_BYTES)) === 0) throw error;
      return (await this.#run(name, namespace, ...args)) as Fields;
    }
  }

  #now(): string {
    const { nowMs } = this.#options;
    return nowMs === undefined ? "" : String(Math.floor(nowMs()));
  }

  #run(name: ScriptName, namespace: string, ...args: readonly RedisArgument[]): Promise<unknown> {
    return this.#scripts[name]([], [this.#now(), namespace, ...args]);
  }
}

type Fields = readonly (Buffer | number | null)[];

function toResponse(fields: Fields): SharedResponse {
  const [endsInMs, ageMs, freshForMs, mayBeStale, version, encoding, etag, ...more] = fields;
  const [identityTag, identityBytes, mediaType, tags, meta, bytes] = more;
  return {
    version: Number(version),
    bytes: bytes as Buffer,
    // It is as it was put: see `SharedPut`.
    encoding: String(encoding) as Encoding,
    etag: String(etag),
    identityTag: String(identityTag),
    identityBytes: Number(identityBytes),
    mediaType: String(mediaType),
    tags: String(tags),
    meta: String(meta),
    ageMs: Number(ageMs),
    freshForMs: Number(freshForMs),
    mayBeStale: String(mayBeStale) === "1",
    endsInMs: Number(endsInMs),
  };
}

/** 36 bits: the order of lists, in which two keys of one hash are rare. */
function indexHash(key: string): number {
  return Number.parseInt(createHash("sha1").update(key).digest("hex").slice(0, 9), 16);
}

/** What an entry takes in Redis, about. */
function sizeOf({ namespace, key, bytes, mediaType, tags, meta }: SharedPut): number {
  const name = Buffer.byteLength(namespace) + Buffer.byteLength(key);
  const count = tags === "" ? 0 : tags.split(",").length;
  const texts = mediaType.length + Buffer.byteLength(tags) + Buffer.byteLength(meta);
  return ENTRY_BYTES + bytes.byteLength + texts + 4 * name + count * (TAG_BYTES + Buffer.byteLength(key));
}

const toJson = (condition: Condition | null | undefined): string =>
  condition ? JSON.stringify({ ...NO_CONDITION, ...condition }) : "";

/** The same bytes. */
const toBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

const REFUSALS: Readonly<Record<string, () => AppError>> = {
  lease: () =>
    new AppError("lease-expired", "This fill lease has expired; another caller is filling the key or has filled it."),
  version: () =>
    new AppError("version-mismatch", "The cached response does not meet the precondition. Read it again, then retry."),
  large: () => new AppError("item-too-large", "This response is larger than the cache allows."),
};

const refusal = (outcome: string): AppError =>
  REFUSALS[outcome]?.() ??
  new AppError("memory-pressure", "Redis has no room for this response right now. Retry later.", {
    retryAfterSeconds: 1,
  });
