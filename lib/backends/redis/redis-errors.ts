import { AppError } from "../../shared/errors.ts";

/** A client may try again then: a connection is tried anew at least that often. */
const RETRY_AFTER_SECONDS = 1;

export function redisAway(detail: string, cause?: unknown): AppError {
  return new AppError("storage-unavailable", `Redis ${detail}`, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
}

/** Errors that Redis answers with begin with a word in capitals; those of a script as well. */
const ANSWERED: Readonly<Record<string, (cause: Error) => AppError>> = {
  OOM: (cause) => new AppError("storage-full", "Redis is at its maxmemory, and evicts nothing.", { cause }),
  READONLY: (cause) =>
    new AppError("storage-read-only", "Redis is a read-only replica.", {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause,
    }),
  LOADING: (cause) => redisAway("is loading its data.", cause),
  BUSY: (cause) => redisAway("is busy with a script.", cause),
  MASTERDOWN: (cause) => redisAway("has lost its primary.", cause),
  NOREPLICAS: (cause) => redisAway("has too few replicas to accept writes.", cause),
  MISCONF: (cause) => redisAway("cannot write to its disk.", cause),
  NOAUTH: (cause) => redisAway("wants a password: set it in HEADROOM_REDIS_URL.", cause),
  WRONGPASS: (cause) => redisAway("refuses the user or the password of HEADROOM_REDIS_URL.", cause),
  NOPERM: (cause) => redisAway("does not permit this user a command that is needed.", cause),
};

/** Says an error that stands for an answer that did not come in time. */
export const LATE = "no answer in time";

/** Whether Redis answered: the command was refused, and the connection is sound. */
export function isAnswered(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** Whether a server that is sound refused this command, as it may refuse all writes: reads go on. */
export function isRefusal(error: unknown): boolean {
  return isAnswered(error) && /^(MISCONF|NOREPLICAS|NOPERM)\b/.test(error.message);
}

/**
 * A failed command in our terms; null for one that Redis refused for a reason that is a fault of ours.
 * A command that was not answered may still have run.
 */
export function toRedisError(error: unknown): AppError | null {
  if (isAnswered(error)) return ANSWERED[/^[A-Z]+/.exec(error.message)?.[0] ?? ""]?.(error) ?? null;
  const isLate = error instanceof Error && error.message === LATE;
  return redisAway(isLate ? "does not respond." : "cannot be reached.", error);
}
