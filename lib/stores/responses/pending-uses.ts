import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { SharedUse } from "../../ports/shared-responses.ts";

/** Keys with uses that are not told yet; those of more keys are not counted. */
export const MOST_PENDING_USES = 4_096;

/** A key with its use in the map, and on its way. */
export const USE_BYTES = 256;

interface PendingUse {
  namespace: string;
  key: string;
  hits: number;
  lastUsedMs: number;
}

/**
 * Uses of responses, until they are told to where these are kept: a read there alone would cost a write. Bounded, and granted by
 * the account.
 */
export class PendingUses {
  readonly #account: MemoryAccount;
  readonly #byKey = new Map<string, PendingUse>();

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  note(full: string, namespace: string, key: string, nowMs: number): void {
    const pending = this.#byKey.get(full);
    if (pending) {
      pending.hits += 1;
      pending.lastUsedMs = nowMs;
    } else if (this.#byKey.size < MOST_PENDING_USES && this.#account.tryReserve(USE_BYTES)) {
      this.#byKey.set(full, { namespace, key, hits: 1, lastUsedMs: nowMs });
    }
  }

  /** They were of a response that is no more. */
  forget(full: string): void {
    if (this.#byKey.delete(full)) this.#account.release(USE_BYTES);
  }

  /** Takes them all out. */
  take(nowMs: number): SharedUse[] {
    const uses = [...this.#byKey.values()].map(({ namespace, key, hits, lastUsedMs }) => ({
      namespace,
      key,
      hits,
      unusedMs: nowMs - lastUsedMs,
    }));
    this.#account.release(this.#byKey.size * USE_BYTES);
    this.#byKey.clear();
    return uses;
  }
}
