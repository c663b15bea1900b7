import { AppError } from "../../shared/errors.ts";

/** The place where responses are shared cannot be used now. */
const AWAY: ReadonlySet<string> = new Set(["storage-unavailable", "storage-read-only", "storage-full"]);

export const isAway = (error: unknown): boolean => error instanceof AppError && AWAY.has(error.code);

/** What to answer while the place is away. */
export function whenAway<T>(answer: T): (error: unknown) => T {
  return (error) => {
    if (isAway(error)) return answer;
    throw error;
  };
}
