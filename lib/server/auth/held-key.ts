import { hash, randomBytes } from "node:crypto";
import { DEFAULT_NAMESPACE, type KeyView, type Role } from "../../contracts/auth.ts";
import type { KeyRow } from "../../ports/admin-rows.ts";
import { AppError } from "../../shared/errors.ts";
import type { TokenBucket } from "../../shared/token-bucket.ts";

export interface Identity {
  keyId: string;
  name: string;
  role: Role;
  namespace: string;
  expiresAtMs: number | null;
  /** How the caller authenticated; a cookie needs the Origin check. */
  via: "bearer" | "cookie";
  /** The sign-in behind a cookie, by the hash of its token; null for a key. */
  signIn: string | null;
  /** The key's own bound of requests; null is without. */
  bucket: TokenBucket | null;
  /** Of the key's secret: a rotated key is held no longer. */
  hash: string;
}

/** The key that HEADROOM_OPERATOR_KEY gives has no row. */
export const ENVIRONMENT_KEY_ID = "environment";

/** In one call: a `Hash` is a stream, and creating one per request costs ten times the hashing. */
export const digest = (text: string): Buffer => hash("sha256", text, "buffer");

export interface HeldKey extends KeyRow {
  digest: Buffer;
  bucket: TokenBucket | null;
}

export function environmentKey(key: string, createdAtMs: number): KeyRow {
  return {
    id: ENVIRONMENT_KEY_ID,
    namespace: DEFAULT_NAMESPACE,
    name: "HEADROOM_OPERATOR_KEY",
    role: "operator",
    hash: digest(key).toString("hex"),
    createdAtMs,
    expiresAtMs: null,
    ratePerMinute: null,
  };
}

/** A new secret; it names its key, so that the key is found by it. */
export const secretOf = (id: string): string => `hr.${id}.${randomBytes(32).toString("base64url")}`;
export const hexOf = (key: string): string => digest(key).toString("hex");

/** @throws {AppError} `pinned-by-environment`. */
export function refuseEnvironmentKey(id: string): void {
  if (id !== ENVIRONMENT_KEY_ID) return;
  throw new AppError(
    "pinned-by-environment",
    "This key comes from HEADROOM_OPERATOR_KEY; change that variable instead.",
  );
}

export function toIdentity(
  { id, name, role, namespace, bucket, hash: keyHash }: HeldKey,
  via: Identity["via"],
  expiresAtMs: number | null,
  signIn: string | null,
): Identity {
  return { keyId: id, name, role, namespace, via, expiresAtMs, signIn, bucket, hash: keyHash };
}

export function toView({ id, name, role, namespace, createdAtMs, expiresAtMs, ratePerMinute }: KeyRow): KeyView {
  return {
    id,
    name,
    role,
    namespace,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    ratePerMinute,
  };
}
