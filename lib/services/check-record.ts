import type { z } from "zod";
import { AppError } from "../shared/errors.ts";
import { jsonPointer } from "../shared/json.ts";

/** A stream's record, by the schema that a request with it is held to. @throws {AppError} `validation-failed` that names the field. */
export function checkRecord<Value>(schema: z.ZodType<Value>, record: unknown): Value {
  const parsed = schema.safeParse(record);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = jsonPointer((issue?.path ?? []).map((step) => (typeof step === "number" ? step : String(step)))) || "/";
  throw invalidRecord(`${path}: ${(issue?.message ?? "does not fit").slice(0, 300)}`);
}

export const invalidRecord = (message: string): AppError => new AppError("validation-failed", message);
