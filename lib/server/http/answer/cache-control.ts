/** The largest number of seconds that is distinguished (RFC 9111, 1.2.2). */
const LONGEST_SECONDS = 2 ** 31;

/** A directive of a list: a name, and perhaps a value as a token or in quotes, in which a comma is text. */
const DIRECTIVE = /[ \t]*(?:([^\s,="]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?)?([^,]*?)(?:,|$)/y;

/**
 * How long a shared cache may store a response, in seconds, by its `Cache-Control` (RFC 9111); undefined if
 * unspecified. `s-maxage` takes precedence over `max-age`. `no-store`, `private` and `no-cache`, with or without field
 * names, mean 0, because this cache never revalidates. Of a repeated directive the first counts, an invalid time means
 * stale, unknown directives are ignored.
 */
export function keptSeconds(header: string | null): number | undefined {
  if (header === null) return undefined;
  const directives = directivesOf(header);
  if (directives.has("no-store") || directives.has("private") || directives.has("no-cache")) return 0;
  const value = directives.get("s-maxage") ?? directives.get("max-age");
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), LONGEST_SECONDS) : 0;
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
