import { hash } from "node:crypto";
import type { AnswerRows, KeptAnswer } from "../../ports/answer-rows.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { Identity } from "../auth/held-key.ts";
import type { Log } from "../observe/log.ts";
import { toProblem } from "./answer/problem.ts";
import { JSON_TYPE } from "./answer/respond.ts";
import { isReply, type Reply, type Route, reply } from "./define-route.ts";

const KEPT_FOR_MS = 86_400_000;
const FORGET_EVERY_MS = 600_000;
/** Of a larger answer the status and the headers are kept. */
export const MOST_BODY_BYTES = 65_536;
/** Keyed requests at once, each with a short entry. */
export const MOST_RUNNING = 10_000;
const SYNTAX = /^[\x21-\x7e]{1,255}$/;

/** The request's Idempotency-Key; null is without. @throws {AppError} `validation-failed`. */
export function idempotencyKey(headers: Headers): string | null {
  const key = headers.get("idempotency-key");
  if (key === null || SYNTAX.test(key)) return key;
  const message = "must be 1 to 255 visible ASCII characters";
  throw new AppError("validation-failed", `Idempotency-Key ${message}.`, {
    errors: [{ path: "header.idempotency-key", message }],
  });
}

/** Whose request it is, and of what. */
export interface Asked {
  identity: Identity;
  namespace: string;
  params: unknown;
  query: unknown;
  requestId: string;
}

export interface Keyed {
  key: string;
  bodyHash: string;
}

interface Parts {
  rows: AnswerRows;
  clock: Clock;
  log: Pick<Log, "warn">;
  /** Resolves when what was acknowledged so far is on disk. */
  committed: () => Promise<void>;
}

/**
 * Does a request with an Idempotency-Key once, and gives its first answer again for a day. The answer is on disk before
 * it is sent. A process that dies between the work and that leaves the work without its answer: sent again, it is done
 * again.
 */
export class Once {
  readonly #parts: Parts;
  /** Requests that run, each with what was kept before. */
  readonly #running = new Map<string, Promise<KeptAnswer | null>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Forgets what is over, now and then, until the returned function is called. */
  start(): () => void {
    this.#forget();
    return this.#parts.clock.every(FORGET_EVERY_MS, () => this.#forget());
  }

  /**
   * The first answer as it was kept, or what `work` answers now.
   *
   * @throws {AppError} `idempotency-key-in-use`, `idempotency-key-reused`, `overloaded`; what `work` throws.
   */
  async answer(route: Route, asked: Asked, { key, bodyHash }: Keyed, work: () => Promise<unknown>): Promise<unknown> {
    const id = scopeOf(route, asked, key);
    const fingerprint = hash("sha256", bodyHash + JSON.stringify(asked.query ?? null), "base64url");
    const before = this.#running.get(id);
    if (before !== undefined) {
      const kept = await before;
      if (kept === null) throw inUse();
      return again(kept, fingerprint);
    }
    if (this.#running.size >= MOST_RUNNING)
      throw new AppError("overloaded", "Too many requests with an Idempotency-Key run.", { retryAfterSeconds: 1 });
    const found = this.#parts.rows.find(id, this.#parts.clock.nowMs() - KEPT_FOR_MS);
    this.#running.set(id, found);
    try {
      const kept = await found;
      if (kept !== null) return again(kept, fingerprint);
      return await this.#begin(id, route, asked, fingerprint, work);
    } finally {
      this.#running.delete(id);
    }
  }

  async #begin(id: string, route: Route, asked: Asked, fingerprint: string, work: () => Promise<unknown>) {
    try {
      const made = await work();
      const result = toBytes(made);
      if (!hasFailures(made)) await this.#keep(id, asked.namespace, toKept(result, fingerprint, route.spec.shownOnce));
      return reply(result.status, result.body, result.headers);
    } catch (error) {
      if (error instanceof AppError && isFinal(error.status)) {
        const { problem, headers } = toProblem(error, asked.requestId);
        const refusal = reply(problem.status, problem, { "Content-Type": "application/problem+json", ...headers });
        await this.#keep(id, asked.namespace, toKept(toBytes(refusal), fingerprint));
      }
      throw error;
    }
  }

  /** What cannot be kept is answered all the same: it was done, and a refusal would have it done again. */
  async #keep(id: string, namespace: string, answer: KeptAnswer): Promise<void> {
    if (!isFinal(answer.status)) return;
    const { rows, clock, log, committed } = this.#parts;
    try {
      await committed();
      await rows.keep(id, namespace, clock.nowMs(), answer);
    } catch (err) {
      log.warn({ err }, "an answer to an Idempotency-Key could not be kept: sent again, the request is done again");
    }
  }

  #forget(): void {
    const { rows, clock, log } = this.#parts;
    rows.forget(clock.nowMs() - KEPT_FOR_MS).catch((err: unknown) => log.warn({ err }, "old answers were not removed"));
  }
}

/** The caller, its namespace and the path; the path as parsed, since one id has several spellings in a URL. */
function scopeOf({ spec }: Route, { identity, namespace, params }: Asked, key: string): string {
  const { keyId, signIn } = identity;
  return hash("sha256", JSON.stringify([keyId, signIn, namespace, spec.method, spec.path, params, key]), "base64url");
}

/** An answer that the same request may get again; a failure or a "later" is worth another try. */
const isFinal = (status: number): boolean => status < 500 && status !== 429;

interface Bytes {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | undefined;
}

/** Written once, since some results go on changing: what is sent is what is kept. */
function toBytes(result: unknown): Bytes {
  const { status, body, headers = {} }: Reply = isReply(result) ? result.reply : { status: 200, body: result };
  if (body === undefined || body instanceof Uint8Array) return { status, headers, body };
  return { status, headers: { "Content-Type": JSON_TYPE, ...headers }, body: Buffer.from(JSON.stringify(body)) };
}

/** A batch of which some items failed for a reason that may pass: sent again, they have another try. */
function hasFailures(result: unknown): boolean {
  if (!isReply(result) || result.reply.status !== 207) return false;
  const { results } = result.reply.body as { results: readonly { status: number }[] };
  return results.some(({ status }) => !isFinal(status));
}

function toKept({ status, headers, body }: Bytes, fingerprint: string, shownOnce?: string): KeptAnswer {
  const kept = body && shownOnce !== undefined ? without(body, shownOnce) : body;
  if (kept !== undefined && kept.byteLength <= MOST_BODY_BYTES) return { fingerprint, status, headers, body: kept };
  const { "Content-Type": _, ...others } = headers;
  return { fingerprint, status, headers: others, body: null };
}

function without(body: Uint8Array, field: string): Uint8Array {
  const { [field]: _, ...others } = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify(others));
}

function again(kept: KeptAnswer, fingerprint: string) {
  if (kept.fingerprint !== fingerprint) {
    throw new AppError(
      "idempotency-key-reused",
      "This Idempotency-Key came with another body before. Use a new key for a new request.",
    );
  }
  return reply(kept.status, kept.body ?? undefined, { ...kept.headers, "Idempotency-Replayed": "true" });
}

const inUse = () =>
  new AppError("idempotency-key-in-use", "The first request with this Idempotency-Key still runs. Retry later.", {
    retryAfterSeconds: 1,
  });
