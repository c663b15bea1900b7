import type { z } from "zod";
import { AppError } from "../shared/errors.ts";
import { jsonPointer } from "../shared/json.ts";
import { fieldIssues, leafIssues } from "../shared/schema-issues.ts";

/**
 * Creates an error without a stack trace. A stream may have millions of them, and each says all that its
 * record's sender needs; the trace was half of the cost of a refusal.
 */
function withoutTrace<Result>(make: () => Result): Result {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * A stream's record, by the schema that a request with it is held to. @throws {AppError} `validation-failed` that names
 * the field.
 */
export function checkRecord<Value>(schema: z.ZodType<Value>, record: unknown): Value {
  const parsed = withoutTrace(() => schema.safeParse(record));
  if (parsed.success) return parsed.data;
  const [issue] = leafIssues(parsed.error.issues.slice(0, 1)).flatMap(fieldIssues);
  const path = jsonPointer((issue?.path ?? []).map((step) => (typeof step === "number" ? step : String(step)))) || "/";
  throw invalidRecord(`${path}: ${(issue?.message ?? "is not valid").slice(0, 300)}`);
}

export const invalidRecord = (message: string): AppError =>
  withoutTrace(() => new AppError("validation-failed", message));
