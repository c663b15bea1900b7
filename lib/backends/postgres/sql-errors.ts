import { AppError } from "../../shared/errors.ts";

function fieldOf(error: unknown, field: "code" | "message"): string {
  if (typeof error !== "object" || error === null) return "";
  const value = (error as Record<string, unknown>)[field];
  return typeof value === "string" ? value : "";
}

export const codeOf = (error: unknown): string => fieldOf(error, "code");

/** The transaction was undone for another's sake: the same again may succeed. */
export const isForAnother = (error: unknown): boolean => ["40001", "40P01"].includes(codeOf(error));

/** It was not begun because what came before it in its transaction failed. */
export const isAfterFailure = (error: unknown): boolean => codeOf(error) === "25P02";

const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENETUNREACH)/;
/** pg gives these no code. */
const SENTENCES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has encountered|was closed)|Cannot use a pool)/;

/** The connection is gone, or of no use any more; whether what it was asked for is done is not known. */
export function isCut(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code.startsWith("08") || code.startsWith("57P") || NETWORK.test(code) || SENTENCES.test(fieldOf(error, "message"))
  );
}

/** All connections are in use, and none became free in time. */
export const isBusy = (error: unknown): boolean =>
  fieldOf(error, "message").startsWith("timeout exceeded when trying to connect");

const soon = (message: string, cause: unknown) =>
  new AppError("storage-unavailable", message, { retryAfterSeconds: 1, cause });

/** Postgres' error codes in our terms. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function toAppError(error: unknown): Error {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const message = fieldOf(error, "message");
  if (code === "23505" || code === "23503")
    return new AppError("conflict", "Another change came first. Read what is there now, and change that.", {
      cause: error,
    });
  if (code === "53100") return new AppError("storage-full", "The disk of the database is full.", { cause: error });
  if (code === "25006")
    return new AppError("storage-read-only", "The database is read-only.", { retryAfterSeconds: 1, cause: error });
  if (code === "57014") return soon("The database took too long, and was stopped.", error);
  if (code === "55P03" || isForAnother(error)) return soon("Other changes of the same rows are under way.", error);
  if (code.startsWith("53")) return soon("The database has no connection or memory left.", error);
  if (code.startsWith("28") || code === "3D000") return soon("The database does not let us in.", error);
  if (isBusy(error))
    return new AppError("overloaded", "All connections to the database are in use. Retry later.", {
      ...{ retryAfterSeconds: 1, cause: error },
    });
  if (isCut(error)) return soon("The database does not respond.", error);
  return new Error(`database: ${message}`, { cause: error });
}
