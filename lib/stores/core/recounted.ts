import type { Amount, QuotaGate } from "../../ports/namespace-quotas.ts";
import { AppError } from "../../shared/errors.ts";

/** Where others write all the time, more counts find no better figure. */
const MOST_RECOUNTS = 3;

/**
 * Tries a change again with what a count finds, when it seemed to pass its namespace's quota: what was removed, or claimed for
 * nothing, is noticed only then. @throws {AppError} quota-exceeded, and what the attempt throws.
 */
export async function recounted<Result>(
  gate: Pick<QuotaGate, "recount">,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let left = MOST_RECOUNTS, mayBeMore = true; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      const isOver = error instanceof AppError && error.code === "quota-exceeded";
      if (!isOver || !mayBeMore || left === 0) throw error;
      mayBeMore = await gate.recount();
    }
  }
}

/** Takes no room: for what is refused before it costs anything. @throws {AppError} quota-exceeded. */
export function requireRoom(gate: QuotaGate, more: Amount): Promise<void> {
  return recounted(gate, async () => {
    if (!gate.fits(more)) throw gate.exceeded();
  });
}
