import { hash } from "node:crypto";
import type { KeptAnswer } from "../../ports/answer-rows.ts";
import { AppError } from "../../shared/errors.ts";
import type { Identity } from "../auth/held-key.ts";
import type { FirstAnswers } from "./answer/first-answers.ts";
import { toProblem } from "./answer/problem.ts";
import { JSON_TYPE } from "./answer/respond.ts";
import { isReply, type Reply, type ReplyWith, type Route, reply } from "./define-route.ts";

/** Of a larger answer the status and the headers are kept. */
export const MOST_BODY_BYTES = 1_048_576;
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
interface Asked {
  identity: Identity;
  namespace: string;
  params: unknown;
  query: unknown;
  requestId: string;
}

interface Keyed {
  key: string;
  bodyHash: string;
}

/**
 * The first answer to the request as it was kept, or what `work` answers now.
 *
 * @throws {AppError} `idempotency-key-in-use`, `idempotency-key-reused`, `overloaded`; what `work` throws.
 */
export async function answerOnce(
  answers: FirstAnswers,
  route: Route,
  asked: Asked,
  { key, bodyHash }: Keyed,
  work: () => Promise<unknown>,
): Promise<ReplyWith> {
  const fingerprint = hash("sha256", bodyHash + JSON.stringify(asked.query ?? null), "base64url");
  const request = { id: scopeOf(route, asked, key), namespace: asked.namespace, fingerprint };
  const outcome = await answers.once(request, () => outcomeOf(route, asked, fingerprint, work));
  if ("again" in outcome) {
    const { status, body, headers } = outcome.again;
    return reply(status, body ?? undefined, { ...headers, "Idempotency-Replayed": "true" });
  }
  if (outcome.made === null) throw outcome.error;
  return reply(outcome.made.status, outcome.made.body, outcome.made.headers);
}

/** The caller, its namespace and the path; the path as parsed, since one id has several spellings in a URL. */
function scopeOf({ spec }: Route, { identity, namespace, params }: Asked, key: string): string {
  const { keyId, signIn } = identity;
  return hash("sha256", JSON.stringify([keyId, signIn, namespace, spec.method, spec.path, params, key]), "base64url");
}

type Outcome =
  | { made: Bytes; answer: KeptAnswer | null }
  /** It was refused, or failed. */
  | { made: null; answer: KeptAnswer | null; error: unknown };

async function outcomeOf({ spec }: Route, asked: Asked, fingerprint: string, work: () => Promise<unknown>) {
  let outcome: Outcome;
  try {
    const result = await work();
    const made = toBytes(result);
    outcome = { made, answer: isLasting(result) ? toKept(made, fingerprint, spec.shownOnce) : null };
  } catch (error) {
    outcome = { made: null, answer: refusalOf(error, asked, fingerprint), error };
  }
  return outcome;
}

function refusalOf(error: unknown, { requestId }: Asked, fingerprint: string): KeptAnswer | null {
  if (!(error instanceof AppError) || !isFinal(error.status)) return null;
  const { problem, headers } = toProblem(error, requestId);
  const refusal = reply(problem.status, problem, { "Content-Type": "application/problem+json", ...headers });
  return toKept(toBytes(refusal), fingerprint);
}

/** An answer that the same request may get again; a failure or a "later" is worth another try. */
const isFinal = (status: number): boolean => status < 500 && status !== 429;

/** A batch of which some items failed for a reason that may pass has another try as well. */
function isLasting(result: unknown): boolean {
  if (!isReply(result)) return true;
  const { status, body } = result.reply;
  if (status !== 207) return isFinal(status);
  const { results } = body as { results: readonly { status: number }[] };
  return results.every((item) => isFinal(item.status));
}

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
