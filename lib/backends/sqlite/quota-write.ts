import type { Amount, QuotaGate } from "../../ports/namespace-quotas.ts";

/**
 * Writes what is kept or refused as a whole.
 *
 * @param written what is there afterwards, of what the write concerns.
 * @param replaced what of it is there now; nothing else may change that until the write has ended.
 * @throws {AppError} quota-exceeded; nothing is written then.
 */
export async function writeWithin<Result>(
  gate: QuotaGate,
  written: Amount,
  replaced: () => Promise<Amount>,
  write: () => Promise<Result>,
): Promise<Result> {
  const entry = await gate.enter(written, async () => {
    const { bytes, items } = await replaced();
    return [{ bytes: written.bytes - bytes, items: written.items - items }];
  });
  try {
    if (entry.refused.size > 0) throw gate.exceeded();
    return await write();
  } finally {
    entry.leave();
  }
}
