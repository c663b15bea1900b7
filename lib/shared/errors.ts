/**
 * Every code that an answer of ours can carry, with the status it maps to. Codes are stable:
 * a client may switch on them.
 */
export const PROBLEMS = {
  "validation-failed": [400, "The request does not fit its schema"],
  "malformed-json": [400, "The body is not valid JSON"],
  "malformed-request": [400, "The request cannot be read"],
  unauthenticated: [401, "A valid key is needed"],
  forbidden: [403, "This key may not do that"],
  "foreign-origin": [403, "The request comes from another site"],
  "feature-disabled": [403, "This is switched off"],
  "not-found": [404, "There is nothing here"],
  "method-not-allowed": [405, "This path does not take that method"],
  "request-timeout": [408, "The request took too long to arrive"],
  conflict: [409, "That does not fit the present state"],
  "pinned-by-environment": [409, "The environment sets this value"],
  "lease-expired": [409, "The fill lease is over"],
  "upload-offset-mismatch": [409, "The upload is at another offset"],
  "version-mismatch": [412, "The version is another one"],
  "body-too-large": [413, "The body is over its limit"],
  "item-too-large": [413, "The item can never fit its store"],
  "unsupported-media-type": [415, "That media type is not taken here"],
  unprocessable: [422, "The request cannot be meant"],
  "number-not-exact": [422, "A number would not keep its value"],
  "too-many-requests": [429, "Too many requests"],
  "headers-too-large": [431, "The header is over its limit"],
  internal: [500, "Something went wrong here"],
  "upstream-failed": [502, "A service that is needed failed"],
  "shutting-down": [503, "The server is shutting down"],
  "not-ready": [503, "The server is not ready"],
  "memory-pressure": [503, "There is no memory for that now"],
  overloaded: [503, "The server is overloaded"],
  "storage-unavailable": [503, "The database does not answer"],
  "storage-read-only": [503, "The database is read-only"],
  "upstream-timeout": [504, "A service that is needed took too long"],
  "storage-full": [507, "There is no room on disk"],
  "insufficient-memory": [507, "There is too little free memory for that"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface FieldError {
  /** Where: `/points/3/vector`, or `query.limit`. */
  path: string;
  message: string;
}

export interface AppErrorOptions {
  errors?: readonly FieldError[];
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** An error that its caller is told about: a stable code and a sentence. Anything else becomes a bland 500. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = PROBLEMS[code][0];
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}

/** Why a server cannot start, as a sentence for whoever started it. */
export class StartError extends Error {
  override readonly name = "StartError";
}
