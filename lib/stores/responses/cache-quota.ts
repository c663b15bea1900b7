import type { QuotaGate } from "../../ports/namespace-quotas.ts";
import { type CachedResponse, frameBytes } from "./cached-response.ts";

/**
 * @param bytes what the new entry takes at most, its body as it was sent.
 * @param before the entry that it replaces.
 * @throws {AppError} quota-exceeded.
 */
export function requireQuota(gate: QuotaGate, key: string, bytes: number, before: CachedResponse | undefined): void {
  const held = before === undefined ? 0 : heldBytes(key, before);
  if (!gate.fits({ bytes: bytes - held, items: before === undefined ? 1 : 0 })) throw gate.exceeded();
}

/** A body that others hold as well stays. */
function heldBytes(key: string, { mediaType, tags, meta, body }: CachedResponse): number {
  return frameBytes(key, mediaType, tags, meta) + (body.holders === 1 ? body.storedBytes : 0);
}
