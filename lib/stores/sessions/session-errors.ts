import { type Condition, holds } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";

export function checkVersion(version: number, condition: Condition | null): void {
  if (condition !== null && !holds(condition, [String(version)]))
    throw new AppError("version-mismatch", `The session is at version ${version}. Read it again, then retry.`);
}

export function pressure(): AppError {
  return new AppError("memory-pressure", "Not enough memory for this session right now. Retry later.", {
    headers: { "Retry-After": "1" },
  });
}

export function notFound(): AppError {
  return new AppError("not-found", "No session has this id; it may have expired.");
}
