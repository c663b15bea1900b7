import { mayDo, type Roles } from "../../contracts/auth.ts";
import { namespaceSchema } from "../../contracts/common.ts";
import { AppError } from "../../shared/errors.ts";
import type { Attempts } from "./attempts.ts";
import type { Identity } from "./held-key.ts";
import type { KeyRing } from "./key-ring.ts";

export const COOKIE_NAME = "headroom";

export interface Credentials {
  authorization: string | null;
  cookie: string | null;
}

/** The dashboard's token in a `Cookie` header. */
export function tokenOf(cookie: string | null): string | null {
  return /(?:^|;\s*)headroom=([\w-]{43})(?:;|$)/.exec(cookie ?? "")?.[1] ?? null;
}

export interface Gate {
  keys: KeyRing;
  attempts: Attempts;
}

/**
 * Identifies the caller. A Bearer key is checked before a cookie, and an invalid key never falls back to the cookie.
 *
 * @throws {AppError} `unauthenticated`, or `too-many-requests` for a peer that keeps sending wrong keys.
 */
export function authenticate({ keys, attempts }: Gate, { authorization, cookie }: Credentials, peer: string): Identity {
  const token = tokenOf(cookie);
  if (authorization === null && token === null) throw unauthenticated("Send Authorization: Bearer <key>.");
  const bearer = authorization === null ? null : (/^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization)?.[1] ?? "");
  const identity = bearer === null ? token && keys.byCookie(token) : keys.byKey(bearer);
  if (identity) return identity;
  // An expired cookie is not an attempt to guess a key: every dashboard sends one after 12 hours.
  const waitSeconds = bearer === null ? 0 : attempts.fail(peer);
  if (waitSeconds > 0) {
    throw new AppError("too-many-requests", "Too many wrong keys from this address. Retry later.", {
      retryAfterSeconds: waitSeconds,
    });
  }
  throw unauthenticated(
    bearer === null ? "The dashboard session has expired. Sign in again." : "The key is unknown, revoked or expired.",
  );
}

function unauthenticated(detail: string): AppError {
  return new AppError("unauthenticated", detail);
}

/** @throws {AppError} `forbidden` unless the identity has one of the roles; an operator has all. */
export function requireRole(identity: Identity, roles: Roles): void {
  if (mayDo(identity.role, roles)) return;
  const wanted = typeof roles === "string" ? roles : roles.join(" or ");
  throw new AppError("forbidden", `This needs the role ${wanted}; the key has the role ${identity.role}.`);
}

/** The namespace of the request: the key's own, or the one that an operator chooses with `X-Namespace`. */
export function namespaceOf(identity: Identity, wanted: string | null): string {
  if (wanted === null || wanted === identity.namespace) return identity.namespace;
  if (identity.role !== "operator")
    throw new AppError("forbidden", "Only an operator may choose a namespace with X-Namespace.");
  const parsed = namespaceSchema.safeParse(wanted);
  if (parsed.success) return parsed.data;
  throw new AppError("validation-failed", "X-Namespace is not a valid namespace.", {
    errors: [{ path: "header.x-namespace", message: parsed.error.issues[0]?.message ?? "is not valid" }],
  });
}

/**
 * A write authenticated by a cookie must come from our own pages, because browsers also send cookies with requests of
 * other sites.
 *
 * @throws {AppError} `foreign-origin`.
 */
export function requireSameOrigin(headers: { origin: string | null; site: string | null; host: string | null }): void {
  if (!isSameOrigin(headers))
    throw new AppError("foreign-origin", "A write with the dashboard cookie must come from the dashboard's own pages.");
}

export function isSameOrigin({
  origin,
  site,
  host,
}: {
  origin: string | null;
  site: string | null;
  host: string | null;
}): boolean {
  if (origin !== null) return host !== null && URL.canParse(origin) && new URL(origin).host === host;
  return site === "same-origin";
}
