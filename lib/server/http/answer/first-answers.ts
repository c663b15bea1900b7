import type { AnswerRows, KeptAnswer } from "../../../ports/answer-rows.ts";
import type { Clock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Log } from "../../observe/log.ts";

const KEPT_FOR_MS = 86_400_000;
const FORGET_EVERY_MS = 600_000;
/** Keyed requests at once, each with a short entry. */
export const MOST_RUNNING = 10_000;

/** A request with an Idempotency-Key. */
export interface KeyedRequest {
  /** A hash of the caller, the route and the key. */
  id: string;
  namespace: string;
  /** A hash of the body and the query. */
  fingerprint: string;
}

interface Parts {
  rows: AnswerRows;
  clock: Clock;
  log: Pick<Log, "warn">;
  /** Resolves when what was acknowledged so far is on disk. */
  committed: () => Promise<void>;
}

/**
 * Has a request with an Idempotency-Key done once, and keeps its first answer for a day. The answer is on disk before
 * it is sent. A process that dies between the work and that leaves the work without its answer: sent again, it is done
 * again.
 */
export class FirstAnswers {
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
   * The first answer as it was kept, or the outcome of `work`, whose answer is kept unless it is null.
   *
   * @throws {AppError} `idempotency-key-in-use`, `idempotency-key-reused`, `overloaded`.
   */
  async once<Outcome extends { answer: KeptAnswer | null }>(
    request: KeyedRequest,
    work: () => Promise<Outcome>,
  ): Promise<{ again: KeptAnswer } | Outcome> {
    const before = this.#running.get(request.id);
    if (before !== undefined) {
      const kept = await before;
      if (kept === null) throw inUse();
      return again(kept, request);
    }
    if (this.#running.size >= MOST_RUNNING)
      throw new AppError("overloaded", "Too many requests with an Idempotency-Key are running. Retry later.", {
        retryAfterSeconds: 1,
      });
    const found = this.#parts.rows.find(request.id, this.#parts.clock.nowMs() - KEPT_FOR_MS);
    this.#running.set(request.id, found);
    try {
      const kept = await found;
      if (kept !== null) return again(kept, request);
      const outcome = await work();
      if (outcome.answer !== null) await this.#keep(request, outcome.answer);
      return outcome;
    } finally {
      this.#running.delete(request.id);
    }
  }

  /** What cannot be kept is answered all the same: it was done, and a refusal would have it done again. */
  async #keep({ id, namespace }: KeyedRequest, answer: KeptAnswer): Promise<void> {
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

function again(kept: KeptAnswer, { fingerprint }: KeyedRequest): { again: KeptAnswer } {
  if (kept.fingerprint === fingerprint) return { again: kept };
  throw new AppError(
    "idempotency-key-reused",
    "This Idempotency-Key came with another body before. Use a new key for a new request.",
  );
}

const inUse = () =>
  new AppError("idempotency-key-in-use", "The first request with this Idempotency-Key still runs. Retry later.", {
    retryAfterSeconds: 1,
  });
