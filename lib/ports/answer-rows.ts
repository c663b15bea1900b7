/** The first answer to a request with an Idempotency-Key. */
export interface KeptAnswer {
  /** Of the request's body and query: another one is another request. */
  fingerprint: string;
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Null: the answer had none, or it was too large to keep. */
  body: Uint8Array | null;
}

/**
 * First answers, on disk. Of each namespace a bounded number and size are kept, and the oldest go first.
 * Every method rejects with an `AppError` (`storage-full`, `storage-read-only`, `storage-unavailable`) when the database cannot do it.
 */
export interface AnswerRows {
  /** What was kept under `id` later than `sinceMs`. */
  find(id: string, sinceMs: number): Promise<KeptAnswer | null>;
  /** Resolves once it would survive `kill -9`. */
  keep(id: string, namespace: string, keptAtMs: number, answer: KeptAnswer): Promise<void>;
  /** Forgets what was kept at `untilMs` or before. */
  forget(untilMs: number): Promise<void>;
}
