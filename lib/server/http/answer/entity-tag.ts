import { type Condition, holds } from "../../../shared/condition.ts";
import { AppError } from "../../../shared/errors.ts";
import { type ReplyWith, reply } from "../define-route.ts";

/** A list element, including the comma after it; a list may have empty elements (RFC 9110, 5.6.1). */
const TAG = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/y;
/** A version without quotes, as X-Version gives it. */
const VERSION = /^[\x21\x23-\x2b\x2d-\x7e]{1,256}$/;

/**
 * The headers that tell a representation: `X-Version` for those whose proxy makes an ETag weak, which If-Match never
 * matches.
 */
export const versionHeaders = (tag: string): { ETag: string; "X-Version": string } => ({
  ETag: `"${tag}"`,
  "X-Version": tag,
});

/**
 * The precondition of a request on the current version; null if it has none. `If-Version` means the same as `If-Match`,
 * in the form of `X-Version`. A weak tag matches nothing in If-Match, and any tag of its text in If-None-Match (RFC
 * 9110, 13.1).
 *
 * @throws {AppError} `malformed-request` that names the header.
 */
export function readCondition({ headers }: Request): Condition | null {
  const ifMatch = headers.get("if-match");
  const ifNoneMatch = headers.get("if-none-match");
  const ifVersion = headers.get("if-version");
  if (ifMatch === null && ifNoneMatch === null && ifVersion === null) return null;
  const match: (readonly string[])[] = [];
  if (ifMatch !== null) match.push(tagsOf(ifMatch, "If-Match", false));
  if (ifVersion !== null) match.push(versionsOf(ifVersion));
  return { match, noneMatch: ifNoneMatch === null ? [] : tagsOf(ifNoneMatch, "If-None-Match", true) };
}

/** Opaque tags of a list, or `*`. */
function tagsOf(header: string, name: string, weakToo: boolean): readonly string[] {
  if (header.trim() === "*") return ["*"];
  const tags: string[] = [];
  for (TAG.lastIndex = 0; TAG.lastIndex < header.length; ) {
    const found = TAG.exec(header);
    if (!found) throw malformed(name, "must be a list of entity tags in double quotes, as returned in ETag, or *");
    const [, weak, tag] = found;
    // A quoted star is an ordinary tag, and no version has that tag.
    if (tag !== undefined && tag !== "*" && (weak === undefined || weakToo)) tags.push(tag);
  }
  return tags;
}

function versionsOf(header: string): readonly string[] {
  const versions = header.split(",").map((version) => version.trim());
  if (!versions.every((version) => VERSION.test(version)))
    throw malformed("If-Version", "must be a list of versions, as returned in X-Version, or *");
  return versions;
}

function malformed(name: string, message: string): AppError {
  return new AppError("malformed-request", `${name} ${message}.`, {
    errors: [{ path: `header.${name.toLowerCase()}`, message }],
  });
}

/** @throws {AppError} 412. */
export const versionMismatch = (): AppError =>
  new AppError("version-mismatch", "The current version does not meet the precondition. Read it again, then retry.");

/**
 * The answer to a GET of what has a version: its body, or 304 where the client has it.
 *
 * @param tags what a condition may name, the ETag first. @throws {AppError} 412, before If-None-Match is looked at.
 */
export function versioned(request: Request, tags: readonly [string, ...string[]], body: () => unknown): ReplyWith {
  const condition = readCondition(request);
  const headers = versionHeaders(tags[0]);
  if (condition !== null) {
    if (!holds({ match: condition.match, noneMatch: [] }, tags)) throw versionMismatch();
    if (!holds(condition, tags)) return reply(304, undefined, headers);
  }
  return reply(200, body(), headers);
}
