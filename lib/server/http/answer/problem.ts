import type { z } from "zod";
import type { Problem } from "../../../contracts/problem.ts";
import { AppError, type FieldError, PROBLEMS } from "../../../shared/errors.ts";
import { jsonPointer } from "../../../shared/json.ts";
import { fieldIssues, leafIssues } from "../../../shared/schema-issues.ts";

/** The response to an error. Unexpected errors reveal nothing about themselves. */
export function toProblem(
  error: unknown,
  requestId: string,
): { problem: Problem; headers: Readonly<Record<string, string>> } {
  const known =
    error instanceof AppError
      ? error
      : new AppError("internal", "The request failed on the server. The log has the cause under this request id.");
  const problem: Problem = {
    type: `urn:headroom:problem:${known.code}`,
    title: PROBLEMS[known.code][1],
    status: known.status,
    detail: known.message,
    code: known.code,
    requestId,
    ...(known.errors.length > 0 ? { errors: [...known.errors] } : {}),
    ...known.members,
  };
  return { problem, headers: { ...headersOf(known), ...known.headers } };
}

function headersOf({ code, retryAfterSeconds }: AppError): Record<string, string> {
  return {
    ...(code === "unauthenticated" ? { "WWW-Authenticate": 'Bearer realm="headroom"' } : {}),
    ...(retryAfterSeconds === null ? {} : { "Retry-After": String(retryAfterSeconds) }),
  };
}

/**
 * The error for input that does not match its schema: `item-too-large` if size is the only fault.
 *
 * @param at where the input stands in the body, if it is only a part of it.
 */
export function schemaError(error: z.ZodError, where: Where, at: readonly (string | number)[] = []): AppError {
  const issues = leafIssues(error.issues);
  const errors = fieldErrors(issues, where, at);
  const [first] = errors;
  const tooLarge = issues.every((issue) => issue.code === "custom" && issue.params?.overItsLimit === true);
  const detail = first ? `${first.path || "body"}: ${first.message}` : "The request does not match its schema.";
  return new AppError(tooLarge ? "item-too-large" : "validation-failed", detail, { errors });
}

type Where = "body" | "query" | "path";

/** Maximum number of issues in one response. */
const MAX_ISSUES = 20;

/** Zod's issues as field errors: JSON pointers in a body, where "" is all of it; `query.limit`, `path.id` elsewhere. */
function fieldErrors(of: readonly z.core.$ZodIssue[], where: Where, at: readonly (string | number)[]): FieldError[] {
  const issues = of.slice(0, MAX_ISSUES).flatMap(fieldIssues).slice(0, MAX_ISSUES);
  return issues.map((issue) => {
    const steps = [...at, ...issue.path].map((step) => String(step).slice(0, 100));
    const path = where === "body" ? jsonPointer(steps) : [where, ...steps].join(".");
    return { path, message: issue.message.slice(0, 300) };
  });
}
