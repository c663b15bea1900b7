import { isIP } from "node:net";
import { AppError } from "../../shared/errors.ts";
import { isSameOrigin } from "./authenticate.ts";

/**
 * Refuses a request under a name that is not this server's, or from a page of another one. A page of another site may
 * point its own name at this address (DNS rebinding): the browser then takes both for one site, but still names the host.
 * An address as the host cannot be rebound.
 *
 * @param names host names of this server beside `localhost`, in lower case and without ports.
 * @throws {AppError} `foreign-origin`.
 */
export function requireOwnHost(headers: Headers, names: readonly string[] = []): void {
  const host = ownHost(headers.get("host")?.toLowerCase() ?? "", names);
  if (host === null)
    throw new AppError(
      "foreign-origin",
      "The Host header is not a name of this server; HEADROOM_MCP_HOSTS lists its names.",
    );
  const origin = headers.get("origin");
  if (origin !== null && !isSameOrigin({ origin, site: null, host }))
    throw new AppError("foreign-origin", "The request comes from a page of another site.");
}

/** The host as an origin names it; null for one that is not ours. */
function ownHost(given: string, names: readonly string[]): string | null {
  if (!URL.canParse(`http://${given}`)) return null;
  const { hostname, host } = new URL(`http://${given}`);
  // A URL parser takes more than a host, and writes addresses in one way: `2130706433` is 127.0.0.1.
  if (given !== host && given !== `${host}:80`) return null;
  const isOurs = hostname === "localhost" || hostname.endsWith(".localhost") || names.includes(hostname);
  return isOurs || isIP(hostname.replaceAll(/[[\]]/g, "")) !== 0 ? host : null;
}
