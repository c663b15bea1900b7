import type { SessionTerms } from "../../ports/session-rows.ts";
import { AppError } from "../../shared/errors.ts";

export const NO_TERMS: SessionTerms = {};

/** When a session ends that was used last at `lastUsedAtMs`. */
export function expiryOf({ lastUsedAtMs, idleTimeoutMs, endsAtMs }: Expiring): number {
  return Math.min(lastUsedAtMs + idleTimeoutMs, endsAtMs);
}

interface Expiring {
  lastUsedAtMs: number;
  idleTimeoutMs: number;
  endsAtMs: number;
}

/** @throws {AppError} unprocessable: what is over when it begins is no session. */
export function checkTerms({ endsAtMs }: SessionTerms, nowMs: number): void {
  if (endsAtMs === undefined || endsAtMs > nowMs) return;
  const message = "must be in the future; to end a session now, delete it";
  throw new AppError("unprocessable", `/expiresAt ${message}.`, { errors: [{ path: "/expiresAt", message }] });
}
