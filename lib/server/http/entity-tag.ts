import { AppError } from "../../shared/errors.ts";

const TAG = /^(W\/)?"([\x21\x23-\x7e]*)"$/;

export const versionTag = (version: number): string => `"${version}"`;

/**
 * The versions that an `If-Match` accepts: null for any (`*`, or no such header). A weak tag matches nothing (RFC 9110, 13.1.1).
 *
 * @throws {AppError} `malformed-request` for a list that is none.
 */
export function ifMatchVersions(request: Request): readonly number[] | null {
  const header = request.headers.get("if-match");
  if (header === null || header.trim() === "*") return null;
  return tags(header)
    .filter(([, weak]) => weak === undefined)
    .map(([, , tag]) => (/^\d{1,15}$/.test(tag ?? "") ? Number(tag) : Number.NaN));
}

/** Whether an `If-None-Match` names this version: then the client has it already. */
export function ifNoneMatch(request: Request, version: number): boolean {
  const header = request.headers.get("if-none-match");
  if (header === null) return false;
  return header.trim() === "*" || tags(header).some(([, , tag]) => tag === String(version));
}

function tags(header: string): RegExpExecArray[] {
  return header.split(",").map((part) => {
    const match = TAG.exec(part.trim());
    if (!match) throw new AppError("malformed-request", "An entity tag is a text in double quotes, as ETag gave it.");
    return match;
  });
}
