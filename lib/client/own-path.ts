/** Where nobody asked to go on to. */
const START = "/";
/** The one page that anybody may read. */
export const DOCS_PATH = "/docs";
/** Resolved against it, what leaves this site has another origin. */
const HERE = "http://here.invalid";

/**
 * The page to go on to after signing in: a path of this very site with its view, or the start.
 *
 * @param wanted as it stands in the address, where anybody may have put it.
 */
export function ownPath(wanted: unknown): string {
  if (typeof wanted !== "string" || !wanted.startsWith("/") || !URL.canParse(wanted, HERE)) return START;
  const { origin, pathname, search, hash } = new URL(wanted, HERE);
  // `/\elsewhere` and `//elsewhere` have resolved to an origin of their own; `/..//elsewhere` still begins like one.
  if (origin !== HERE || pathname.startsWith("//") || pathname === "/sign-in") return START;
  return `${pathname}${search}${hash}`;
}

/** The sign-in page, which leads back to `path`. */
export function signInPath(path: string): string {
  const url = new URL(ownPath(path), HERE);
  // Next's own mark on what it loads in the background.
  url.searchParams.delete("_rsc");
  const next = `${url.pathname}${url.search}${url.hash}`;
  return next === START ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;
}
