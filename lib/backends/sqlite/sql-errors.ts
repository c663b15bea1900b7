import { MisplacedError } from "./file-place.ts";
import type { Failure } from "./messages.ts";

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** libsql reports some codes by their sentence alone. */
const reporter = (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  return { message, is: (name: string, sentence: RegExp) => code.startsWith(name) || sentence.test(message) };
};

/** Whether the file itself is at fault. */
export function isDamage(error: unknown): boolean {
  const { is } = reporter(error);
  return is("SQLITE_CORRUPT", /disk image is malformed/i) || is("SQLITE_NOTADB", /file is not a database/i);
}

/** Whether another process or connection holds a lock. */
export function isHeldElsewhere(error: unknown): boolean {
  const { is } = reporter(error);
  return is("SQLITE_BUSY", /database is locked/i) || is("SQLITE_LOCKED", /table is locked/i);
}

/** Whether a row has such a key already, or the row that one belongs to is gone. */
function isConflict(error: unknown): boolean {
  const { is } = reporter(error);
  return (
    is("SQLITE_CONSTRAINT_UNIQUE", /UNIQUE constraint failed/i) ||
    is("SQLITE_CONSTRAINT_FOREIGNKEY", /FOREIGN KEY constraint failed/i)
  );
}

/** SQLite's result codes in our terms. @see https://www.sqlite.org/rescode.html */
export function toFailure(error: unknown): Failure {
  const { message, is } = reporter(error);
  if (error instanceof MisplacedError) return { code: "storage-unavailable", message };
  if (isConflict(error))
    return { code: "conflict", message: "Another change came first. Read what is there now, and change that." };
  if (is("SQLITE_FULL", /database or disk is full/i))
    return { code: "storage-full", message: "The disk or its quota is full." };
  if (is("SQLITE_READONLY", /readonly database/i))
    return { code: "storage-read-only", message: "The database is read-only." };
  if (isHeldElsewhere(error))
    return { code: "storage-unavailable", message: "Another process has locked the database." };
  if (isDamage(error)) return { code: "storage-unavailable", message: "The database file is damaged." };
  if (is("SQLITE_IOERR", /disk I\/O error/i) || is("SQLITE_CANTOPEN", /unable to open/i))
    return { code: "storage-unavailable", message: "The database file cannot be read or written." };
  return { code: null, message };
}
