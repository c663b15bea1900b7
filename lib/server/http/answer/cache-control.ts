import { AppError } from "../../../shared/errors.ts";

/** The largest number of seconds that is distinguished (RFC 9111, 1.2.2). */
const LONGEST_SECONDS = 2 ** 31;

/** A directive of a list: a name, and perhaps a value as a token or in quotes, in which a comma is text. */
const DIRECTIVE = /[ \t]*(?:([^\s,="]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?)?([^,]*?)(?:,|$)/y;

/** How long a response is fresh; undefined: the header does not tell. Then for how long it may be given stale. */
export interface Keeping {
  freshSeconds: number | undefined;
  staleSeconds: number;
}

const NOTHING: Keeping = { freshSeconds: 0, staleSeconds: 0 };
const UNTOLD: Keeping = { freshSeconds: undefined, staleSeconds: 0 };

/**
 * How long a shared cache may store a response, by its `Cache-Control` (RFC 9111, RFC 5861). `s-maxage` takes
 * precedence over `max-age`. `no-store`, `private` and `no-cache`, with or without field names, mean that nothing is
 * kept, because this cache never revalidates. `must-revalidate` and `proxy-revalidate` forbid to give it stale. Of a
 * repeated directive the first counts, an invalid time means stale, unknown directives are ignored.
 *
 * @throws {AppError} `validation-failed` for a time in fractions of seconds: to keep nothing would surprise its sender.
 */
export function readKeeping(header: string | null): Keeping {
  if (header === null) return UNTOLD;
  const directives = directivesOf(header);
  if (directives.has("no-store") || directives.has("private") || directives.has("no-cache")) return NOTHING;
  const name = directives.has("s-maxage") ? "s-maxage" : "max-age";
  const freshSeconds = secondsOf(name, directives.get(name));
  const mayBeStale = !directives.has("must-revalidate") && !directives.has("proxy-revalidate");
  const stale = secondsOf("stale-while-revalidate", directives.get("stale-while-revalidate"));
  return { freshSeconds, staleSeconds: mayBeStale ? (stale ?? 0) : 0 };
}

function secondsOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d*\.\d+$/.test(value)) throw fraction(name);
  return /^\d+$/.test(value) ? Math.min(Number(value), LONGEST_SECONDS) : 0;
}

function fraction(name: string): AppError {
  const message = `${name} takes whole seconds`;
  return new AppError("validation-failed", `Cache-Control: ${message}.`, {
    errors: [{ path: "header.cache-control", message }],
  });
}

/** By name in lower case; without a value, an empty one. */
function directivesOf(header: string): Map<string, string> {
  const directives = new Map<string, string>();
  for (DIRECTIVE.lastIndex = 0; DIRECTIVE.lastIndex < header.length; ) {
    const [, name, quoted, token, rest = ""] = DIRECTIVE.exec(header) ?? [];
    if (name === undefined) {
      // Neither a directive nor an empty element: continue after the next comma.
      if (DIRECTIVE.lastIndex === 0) break;
      continue;
    }
    const key = name.toLowerCase();
    const value = rest.trim() === "" ? (quoted?.replace(/\\(.)/g, "$1") ?? token ?? "") : "";
    if (!directives.has(key)) directives.set(key, value);
  }
  return directives;
}
