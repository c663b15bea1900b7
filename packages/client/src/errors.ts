/** A field that the server refused. `path` is a JSON Pointer in a body, and `query.name`, `header.name` or `path.name` elsewhere. */
export interface FieldError {
  path: string;
  message: string;
}

/** The body of an error response (RFC 9457). */
export interface ProblemBody {
  title?: string | undefined;
  detail?: string | undefined;
  code?: string | undefined;
  requestId?: string | undefined;
  errors?: FieldError[] | undefined;
}

/** Every error that this client throws. `code` is stable: switch on it, or on the class. */
export class HeadroomError extends Error {
  override name = "HeadroomError";
  /** The HTTP status; 0 when there was no response. */
  readonly status: number;
  readonly code: string;
  /** Names the request in the server's log; null when there was no response. */
  readonly requestId: string | null;
  readonly errors: readonly FieldError[];
  /** How long the server asks to wait before another try; null when it does not say. */
  readonly retryAfterMs: number | null;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.requestId = details.requestId ?? null;
    this.errors = details.errors ?? [];
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

interface ErrorDetails {
  status: number;
  code: string;
  requestId?: string | undefined;
  errors?: readonly FieldError[] | undefined;
  retryAfterMs?: number | null;
  cause?: unknown;
}

/** 400, 415 and 422: the request is wrong, and the same request would be refused again. `errors` names the fields. */
export class ValidationError extends HeadroomError {
  override name = "ValidationError";
}
/** 401: no API key, or one that is not valid any more. */
export class AuthenticationError extends HeadroomError {
  override name = "AuthenticationError";
}
/** 403: the key's role does not allow this. */
export class PermissionError extends HeadroomError {
  override name = "PermissionError";
}
/** 404: nothing has this id in the key's namespace. */
export class NotFoundError extends HeadroomError {
  override name = "NotFoundError";
}
/** 409: the request conflicts with the present state; `code` tells how. */
export class ConflictError extends HeadroomError {
  override name = "ConflictError";
}
/** 412: the version is not the one that was asked for. Read again, then change. */
export class PreconditionFailedError extends HeadroomError {
  override name = "PreconditionFailedError";
}
/** 413: the body or an item is larger than its limit. */
export class TooLargeError extends HeadroomError {
  override name = "TooLargeError";
}
/** 429: too many requests; `retryAfterMs` tells when to try again. */
export class RateLimitError extends HeadroomError {
  override name = "RateLimitError";
}
/** 507: a quota or the disk is full. */
export class QuotaError extends HeadroomError {
  override name = "QuotaError";
}
/** 500, 502, 503 and 504: the server, or a service that it needs, cannot answer now. */
export class UnavailableError extends HeadroomError {
  override name = "UnavailableError";
}
/** There was no response: the connection could not be made, or broke. */
export class ConnectionError extends HeadroomError {
  override name = "ConnectionError";
}
/** There was no response within `timeoutMs`. */
export class TimeoutError extends HeadroomError {
  override name = "TimeoutError";
}

/** Whether an error is of the caller's own making: a wrong key, role or request. Trying again later cannot help. */
export const isMisuse = (error: unknown): boolean =>
  error instanceof ValidationError || error instanceof PermissionError || error instanceof AuthenticationError;

const BY_STATUS: Readonly<Record<number, typeof HeadroomError>> = {
  400: ValidationError,
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  412: PreconditionFailedError,
  413: TooLargeError,
  415: ValidationError,
  422: ValidationError,
  429: RateLimitError,
  507: QuotaError,
};

/** The error of a response. One that carries no problem document, as from a proxy, is told by its status alone. */
export function errorOf(status: number, body: ProblemBody | null, headers: Headers): HeadroomError {
  const kind = BY_STATUS[status] ?? (status >= 500 ? UnavailableError : HeadroomError);
  return new kind(body?.detail ?? body?.title ?? `The server answered ${status}.`, {
    status,
    code: body?.code ?? `http-${status}`,
    requestId: body?.requestId ?? headers.get("x-request-id") ?? undefined,
    errors: body?.errors,
    retryAfterMs: retryAfterMs(headers.get("retry-after")),
  });
}

/** `Retry-After` as milliseconds from now: seconds, or a date. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
