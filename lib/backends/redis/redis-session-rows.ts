import type {
  SessionOrder,
  SessionRow,
  SessionRowSummary,
  SessionTally,
  SortedPosition,
} from "../../ports/session-rows.ts";
import type {
  EndOutcome,
  SaveOutcome,
  SessionPart,
  SessionPlace,
  SessionSave,
  SharedSessionRows,
} from "../../ports/shared-session-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { RedisArgument } from "./redis-client.ts";
import type { RedisConnection, RedisScript } from "./redis-connection.ts";
import * as lists from "./session-list-scripts.ts";
import * as scripts from "./session-scripts.ts";

export interface RedisSessionRowsOptions {
  redis: RedisConnection;
  clock: Pick<Clock, "nowMs" | "monotonicMs">;
  /** Most that all sessions may take in Redis. */
  maxBytes: number;
  /** Lua that defines `now()`, in milliseconds; tests tell another time than Redis'. */
  time?: string;
}

/** What a script answers: the time there, then what it says. */
type Reply = readonly [atMs: number, ...rest: readonly unknown[]];

const LISTS = { createdAt: "created", lastUsedAt: "used", bytes: "bytes" } as const;
const text = (value: unknown): string => String(value);

/** Sessions in Redis, for all nodes that name the same one. */
export class RedisSessionRows implements SharedSessionRows {
  readonly #redis: RedisConnection;
  readonly #clock: RedisSessionRowsOptions["clock"];
  readonly #maxBytes: number;
  readonly #scripts: Readonly<Record<keyof typeof SCRIPTS, RedisScript>>;
  /** Redis' time, less ours since the process began; our own clock's until Redis has told it. */
  #aheadMs: number;
  /** Not after a connection was lost: another server may answer, with another time. */
  #isTimeKnown = false;

  constructor({ redis, clock, maxBytes, time = scripts.REDIS_TIME }: RedisSessionRowsOptions) {
    this.#redis = redis;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#aheadMs = clock.nowMs() - clock.monotonicMs();
    redis.news.onLost(() => {
      this.#isTimeKnown = false;
    });
    const made = Object.entries(SCRIPTS).map(([name, lua]) => [name, redis.script(0, time + lua)]);
    this.#scripts = Object.fromEntries(made);
  }

  nowMs(): number {
    return Math.floor(this.#clock.monotonicMs() + this.#aheadMs);
  }

  async time(): Promise<number> {
    if (!this.#isTimeKnown) await this.#run("time", []);
    return this.nowMs();
  }

  get isCurrent(): boolean {
    return this.#redis.news.isCurrent;
  }

  follow(changed: (key: string) => void, lost: () => void): void {
    this.#redis.news.on(scripts.CHANGED_CHANNEL, changed);
    this.#redis.news.onLost(lost);
  }

  async use({ key, namespace, ownId }: SessionPlace): Promise<SessionRow | null> {
    const [, fields, data] = await this.#run("use", [key, namespace, ownId ?? ""]);
    return fields === undefined ? null : rowOf(summaryOf(key, fields as readonly unknown[]), data as Buffer);
  }

  /** A plain read, the cheapest of all: what expires within a moment is judged by this node's notion of Redis' time. */
  async look({ key, namespace, ownId }: SessionPlace): Promise<SessionRow | null> {
    const fields = (await this.#redis.call("HMGET", scripts.hashOf(key), ...scripts.HASH_FIELDS)) as readonly unknown[];
    const data = fields[8];
    if (!Buffer.isBuffer(data)) return null;
    const row = rowOf(summaryOf(key, fields.with(8, data.length)), data);
    if (row.namespace !== namespace || row.ownId !== ownId) return null;
    if (!this.#isTimeKnown) await this.time();
    return Math.min(row.lastUsedAtMs + row.idleTimeoutMs, row.endsAtMs) > this.nowMs() ? row : null;
  }

  async save(change: SessionSave): Promise<SaveOutcome> {
    const [, kind, ...rest] = await this.#run("save", argumentsOf(change, this.#maxBytes));
    switch (text(kind)) {
      case "saved":
        return { kind: "saved", row: summaryOf(rest[0], rest[1] as readonly unknown[]) };
      case "version":
        return { kind: "version", version: Number(rest[0]) };
      case "full":
        throw new AppError(
          "storage-full",
          "Sessions take all the memory that HEADROOM_REDIS_MAX_MB gives them in Redis.",
        );
      default:
        return { kind: text(kind) as "missing" | "exists" | "ended" | "over" };
    }
  }

  async end({ key, namespace, ownId }: SessionPlace, version: number | null): Promise<EndOutcome> {
    const [, kind, found] = await this.#run("end", [key, namespace, ownId ?? "", version ?? ""]);
    if (text(kind) === "version") return { kind: "version", version: Number(found) };
    return { kind: text(kind) as "ended" | "missing" };
  }

  async endMany(namespace: string, tag: string | undefined, keys: readonly string[]): Promise<number> {
    const [, removed] = await this.#run("endMany", [namespace, tag === undefined ? 0 : 1, tag ?? "", ...keys]);
    return Number(removed);
  }

  async uses(keys: readonly { readonly key: string; readonly agoMs: number }[]): Promise<void> {
    await this.#run(
      "uses",
      keys.flatMap(({ key, agoMs }) => [key, Math.max(0, Math.round(agoMs))]),
    );
  }

  async part(
    namespace: string,
    query: SessionOrder & { tag?: string | undefined; after: SortedPosition | null; limit: number },
  ): Promise<SessionPart<SortedPosition>> {
    const { sort, order, tag, after, limit } = query;
    const list = tag === undefined ? `headroom:${LISTS[sort]}:${namespace}` : `headroom:tag:${namespace}\n${tag}`;
    const place = after === null ? [0, 0, ""] : [1, ...after];
    const [, goesOn, ...members] = await this.#run("part", [
      list,
      order === "desc" ? 1 : 0,
      ...place,
      limit,
      namespace,
    ]);
    const seen = members as readonly (readonly [key: unknown, figure: unknown, fields: readonly unknown[] | null])[];
    const last = Number(goesOn) === 1 ? seen.at(-1) : undefined;
    return {
      rows: seen.flatMap(([key, , fields]) => (fields === null ? [] : [summaryOf(key, fields)])),
      next: last ? [Number(last[1]), text(last[0])] : null,
    };
  }

  async withPrefix(
    namespace: string,
    prefix: string,
    after: string | null,
    limit: number,
  ): Promise<SessionPart<string>> {
    const [, next, ...found] = await this.#run("withPrefix", [
      namespace,
      prefix,
      after === null ? 0 : 1,
      after ?? "",
      limit,
    ]);
    const rows = (found as readonly (readonly [unknown, readonly unknown[]])[]).map(([key, fields]) =>
      summaryOf(key, fields),
    );
    return { rows, next: text(next) || null };
  }

  async tally(namespace: string): Promise<SessionTally> {
    const [, count, bytes] = await this.#run("tally", [namespace]);
    return { count: Number(count), bytes: Number(bytes) };
  }

  async expire(limit: number): Promise<number> {
    return Number((await this.#run("expire", [limit]))[1]);
  }

  async count(): Promise<number> {
    return Number(await this.#redis.call("ZCARD", "headroom:due"));
  }

  async #run(script: keyof typeof SCRIPTS, args: readonly RedisArgument[]): Promise<Reply> {
    const reply = (await this.#scripts[script]([], args)) as Reply;
    this.#aheadMs = reply[0] - this.#clock.monotonicMs();
    this.#isTimeKnown = true;
    return reply;
  }
}

const SCRIPTS = {
  time: scripts.TIME,
  use: scripts.USE,
  uses: scripts.USES,
  save: scripts.SAVE,
  end: scripts.END,
  endMany: scripts.END_MANY,
  expire: scripts.EXPIRE,
  tally: scripts.TALLY,
  part: lists.PART,
  withPrefix: lists.WITH_PREFIX,
};

function argumentsOf(change: SessionSave, maxBytes: number): RedisArgument[] {
  const { key, namespace, ownId, mode, version, bumps, data, terms, idleTimeoutMs, past } = change;
  const { endsAtMs } = terms;
  return [
    key,
    namespace,
    ownId ?? "",
    mode,
    version ?? "",
    bumps ? 1 : 0,
    data === null ? 0 : 1,
    data?.text ?? "",
    terms.idleTimeoutMs === undefined ? "" : Math.round(terms.idleTimeoutMs),
    endsAtMs === undefined ? "" : Number.isFinite(endsAtMs) ? Math.round(endsAtMs) : "inf",
    terms.tags === undefined ? 0 : 1,
    terms.tags ?? "",
    Math.round(idleTimeoutMs),
    maxBytes,
    past === null ? "" : Math.floor(past.createdAtMs),
    past === null ? "" : Math.floor(past.lastUsedAtMs),
    past?.version ?? "",
  ];
}

/** The reply's buffer is shared with others: whoever keeps the data copies them. */
function rowOf(summary: SessionRowSummary, data: Buffer): SessionRow {
  const { id, ownId, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags } = summary;
  return { id, ownId, namespace, createdAtMs, lastUsedAtMs, idleTimeoutMs, endsAtMs, version, tags, data };
}

function summaryOf(key: unknown, fields: readonly unknown[]): SessionRowSummary {
  const [namespace, own, createdAtMs, lastUsedAtMs, idleTimeoutMs, end, version, tags, bytes] = fields;
  const ownId = text(own);
  const endsAt = text(end);
  return {
    id: text(key),
    ownId: ownId === "" ? null : ownId,
    namespace: text(namespace),
    createdAtMs: Number(createdAtMs),
    lastUsedAtMs: Number(lastUsedAtMs),
    idleTimeoutMs: Number(idleTimeoutMs),
    endsAtMs: endsAt === "" ? Number.POSITIVE_INFINITY : Number(endsAt),
    version: Number(version),
    tags: text(tags),
    bytes: Number(bytes),
  };
}
