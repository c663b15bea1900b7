import { MIB } from "../shared/bytes.ts";

/** The first answer to a request with an Idempotency-Key. */
export interface KeptAnswer {
  /** Of the request's body and query: another one is another request. */
  fingerprint: string;
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Null: the answer had none, or it was too large to keep. */
  body: Uint8Array | null;
}

/** Number and size of answers. */
export interface AnswerBounds {
  answers: number;
  /** Of headers and bodies, and some hundred bytes for each answer. */
  bytes: number;
}

/** Kept of each namespace: of more, the oldest are forgotten before their day is over. */
export const ANSWER_BOUNDS: AnswerBounds = { answers: 10_000, bytes: 32 * MIB };
/** So many, or so much, may come on top before a driver counts again. */
export const ANSWERS_UNCOUNTED: AnswerBounds = { answers: 100, bytes: MIB };

/**
 * First answers, on disk. Of each namespace a bounded number and size are kept, and the oldest go first; another
 * namespace loses none by it. What an earlier process kept counts too.
 * Every method rejects with an `AppError` (`storage-full`, `storage-read-only`, `storage-unavailable`) when the database cannot do it.
 */
export interface AnswerRows {
  /** What was kept under `id` later than `sinceMs`. */
  find(id: string, sinceMs: number): Promise<KeptAnswer | null>;
  /** Replaces what was kept under `id`, which is unique over all namespaces. Resolves once it would survive `kill -9`. */
  keep(id: string, namespace: string, keptAtMs: number, answer: KeptAnswer): Promise<void>;
  /** Forgets what was kept at `untilMs` or before, of all namespaces. */
  forget(untilMs: number): Promise<void>;
}
