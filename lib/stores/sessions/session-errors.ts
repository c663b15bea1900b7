import { type Condition, holds } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";

export function checkVersion(version: number, condition: Condition | null): void {
  if (condition !== null && !holds(condition, [String(version)]))
    throw new AppError("version-mismatch", `The session is at version ${version}. Read it again, then retry.`);
}

export function pressure(): AppError {
  return new AppError("memory-pressure", "Not enough memory for this session right now. Retry later.", {
    retryAfterSeconds: 1,
  });
}

export function sessionEnded(): AppError {
  return new AppError(
    "session-ended",
    "A session with this id ended or was deleted within the last 24 hours. Begin a new one under another id.",
  );
}

export function sessionExists(): AppError {
  return new AppError(
    "version-mismatch",
    "A session with this id exists already. Without If-None-Match, PUT replaces its data.",
  );
}

export function notFound(): AppError {
  return new AppError("not-found", "No session has this id; it may have expired.");
}
