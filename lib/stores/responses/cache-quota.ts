import type { QuotaGate } from "../../ports/namespace-quotas.ts";
import { recounted } from "../core/recounted.ts";
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

/**
 * Tries a put again with what a count finds. Where nothing can be counted, what is known decides: the cache does without the disk.
 * @throws {AppError} quota-exceeded, and what the attempt throws.
 */
export function withinQuota<Result>(gate: QuotaGate, attempt: () => Promise<Result>): Promise<Result> {
  return recounted({ recount: () => gate.recount().catch(() => false) }, attempt);
}

/** A body that others hold as well stays. */
function heldBytes(key: string, { mediaType, tags, meta, body }: CachedResponse): number {
  return frameBytes(key, mediaType, tags, meta) + (body.holders === 1 ? body.storedBytes : 0);
}
