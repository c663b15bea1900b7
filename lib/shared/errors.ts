/**
 * Every problem code that a response can carry, with its status and title. Codes are stable: a client may switch on
 * them.
 */
export const PROBLEMS = {
  "validation-failed": [400, "The request does not match its schema"],
  "malformed-json": [400, "The body is not valid JSON"],
  "malformed-request": [400, "The request is malformed"],
  unauthenticated: [401, "A valid API key is required"],
  forbidden: [403, "This key is not allowed to do that"],
  "foreign-origin": [403, "The request comes from another site"],
  "feature-disabled": [403, "This feature is disabled"],
  "not-found": [404, "Not found"],
  "method-not-allowed": [405, "This path does not support that method"],
  "request-timeout": [408, "The request took too long to arrive"],
  conflict: [409, "The request conflicts with the current state"],
  "pinned-by-environment": [409, "An environment variable fixes this value"],
  "session-ended": [409, "The session with this id has ended"],
  "lease-expired": [409, "The fill lease has expired"],
  "idempotency-key-in-use": [409, "The first request with this Idempotency-Key is still running"],
  "upload-offset-mismatch": [409, "The upload offset does not match"],
  "version-mismatch": [412, "The version does not match"],
  "body-too-large": [413, "The request body is too large"],
  "item-too-large": [413, "The item is too large"],
  "unsupported-media-type": [415, "This media type is not supported"],
  unprocessable: [422, "The request is well formed but not valid here"],
  "idempotency-key-reused": [422, "This Idempotency-Key belongs to another request"],
  "number-not-exact": [422, "A number would lose precision"],
  "too-many-requests": [429, "Too many requests"],
  "headers-too-large": [431, "The request headers are too large"],
  internal: [500, "Internal server error"],
  "upstream-failed": [502, "An upstream service failed"],
  "shutting-down": [503, "The server is shutting down"],
  "not-ready": [503, "The server is not ready"],
  "memory-pressure": [503, "Not enough memory right now"],
  overloaded: [503, "The server is overloaded"],
  "storage-unavailable": [503, "The database does not respond"],
  "storage-read-only": [503, "The database is read-only"],
  "upstream-timeout": [504, "An upstream service took too long"],
  "quota-exceeded": [507, "The quota of the namespace is used up"],
  "storage-full": [507, "The disk or its quota is full"],
  "insufficient-memory": [507, "Not enough free memory for this request"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** Where: a JSON Pointer into the body (`/points/3/vector`), or `query.limit`, `header.if-match`, `path.id`. */
  path: string;
  message: string;
}

/** Of `quota-exceeded`: what the namespace may keep, null without a bound, and what it keeps. */
export interface ProblemMembers {
  readonly quota: { readonly bytes: number | null; readonly items: number | null };
  readonly used: { readonly bytes: number; readonly items: number };
}

export interface AppErrorOptions {
  errors?: readonly FieldError[];
  /** When to try again, whole seconds. */
  retryAfterSeconds?: number | null;
  /** Of the response: for `lib/server/http` alone. */
  headers?: Readonly<Record<string, string>>;
  /** More figures of the problem (RFC 9457, 3.2). */
  members?: ProblemMembers;
  cause?: unknown;
}

/**
 * An error that is reported to the caller, with a stable code and a sentence. Any other error becomes a generic 500.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: ProblemMembers | null;

  constructor(code: ProblemCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = PROBLEMS[code][0];
    this.errors = options.errors ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
    this.headers = options.headers ?? {};
    this.members = options.members ?? null;
  }
}

/** Why the server cannot start, as a sentence for the operator. */
export class StartError extends Error {
  override readonly name = "StartError";
}
