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

/**
 * The issues of a schema, with those of a union's likeliest branch in place of the union's own. That branch is the one
 * with the fewest wrong or missing fields at its top, which tell what the sender meant to send.
 */
export function leafIssues(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union") return [issue];
    const branches = issue.errors.map(leafIssues);
    const costs = branches.map(mismatch);
    const best = branches[costs.indexOf(Math.min(...costs))];
    // None of the branches takes a value of this type at all: the union has the words for that.
    if (best === undefined || best.every(isOfAnotherType)) return [issue];
    return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  });
}

const isOfAnotherType = ({ code, path }: z.core.$ZodIssue): boolean => code === "invalid_type" && path.length === 0;

function mismatch(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) return sum + 100 * issue.keys.length;
    if (isOfAnotherType(issue)) return sum + 1_000;
    return sum + (issue.path.length === 1 && issue.code !== "custom" ? 100 : 1);
  }, 0);
}
