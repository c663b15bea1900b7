import type { z } from "zod";

export interface FieldIssue {
  /** Keys and places that lead to the field. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** An issue of a schema, by field: an object with unknown members has one for each of them, which is where the sender looks. */
export function fieldIssues(issue: z.core.$ZodIssue): FieldIssue[] {
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: "is not a known field" }));
}
