import { z } from "zod";

const problemSchema = z.object({
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  code: z.string().optional(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export interface ProblemFields {
  status: number;
  code: string;
  title: string;
  detail: string;
  requestId: string | null;
  errors: readonly { path: string; message: string }[];
  retryAfterSeconds: number | null;
}

/** An answer that is not 2xx, as RFC 9457 tells it. `code` is stable: switch on it, not on the words. */
export class ProblemError extends Error implements ProblemFields {
  override readonly name = "ProblemError";
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly errors: readonly { path: string; message: string }[];
  readonly retryAfterSeconds: number | null;

  constructor(fields: ProblemFields) {
    super(`${fields.title}: ${fields.detail}`);
    this.status = fields.status;
    this.code = fields.code;
    this.title = fields.title;
    this.detail = fields.detail;
    this.requestId = fields.requestId;
    this.errors = fields.errors;
    this.retryAfterSeconds = fields.retryAfterSeconds;
  }
}

/** The server could not be reached at all, or broke off. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** The problem in an answer; one whose body is no problem+json (a proxy's page) still gives its status. */
export async function readProblem(response: Response): Promise<ProblemError> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = problemSchema.safeParse(body);
  const problem = parsed.success ? parsed.data : undefined;
  return new ProblemError({
    status: response.status,
    code: problem?.code ?? `http-${response.status}`,
    title: problem?.title ?? `The server responded with status ${response.status}`,
    detail: problem?.detail ?? "The response has no explanation.",
    requestId: problem?.requestId ?? response.headers.get("x-request-id"),
    errors: problem?.errors ?? [],
    retryAfterSeconds: readRetryAfter(response.headers.get("retry-after")),
  });
}

function readRetryAfter(value: string | null): number | null {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : null;
}

export interface ErrorText {
  title: string;
  detail: string;
  requestId: string | null;
}

/** What failed and what to do, for a person. */
export function describeError(error: unknown): ErrorText {
  if (error instanceof ProblemError) {
    const fields = error.errors.map((field) => `${field.path}: ${field.message}`).join("; ");
    const wait = error.retryAfterSeconds === null ? "" : ` Try again in ${error.retryAfterSeconds} s.`;
    return {
      title: error.title,
      detail: `${fields === "" ? error.detail : `${error.detail} ${fields}`}${wait}`,
      requestId: error.requestId,
    };
  }
  if (error instanceof UnreachableError) {
    return {
      title: "The server does not respond",
      detail: "Check that it is running. This page reconnects by itself.",
      requestId: null,
    };
  }
  return {
    title: "This page could not read the response",
    detail: error instanceof Error ? error.message : "Unknown error.",
    requestId: null,
  };
}
