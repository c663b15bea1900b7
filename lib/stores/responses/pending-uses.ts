import type { SharedUse } from "../../ports/shared-responses.ts";

/** Keys with uses that are not told yet; those of more keys are not counted. */
export const MOST_PENDING_USES = 4_096;

interface PendingUse {
  namespace: string;
  key: string;
  hits: number;
  lastUsedMs: number;
}

/** Uses that copies served, until they are told to where the responses are kept: a read there alone would cost a write. */
export class PendingUses {
  readonly #byKey = new Map<string, PendingUse>();

  note(full: string, namespace: string, key: string, nowMs: number): void {
    const pending = this.#byKey.get(full);
    if (pending) {
      pending.hits += 1;
      pending.lastUsedMs = nowMs;
    } else if (this.#byKey.size < MOST_PENDING_USES) {
      this.#byKey.set(full, { namespace, key, hits: 1, lastUsedMs: nowMs });
    }
  }

  /** They were of a response that is no more. */
  forget(full: string): void {
    this.#byKey.delete(full);
  }

  /** Takes them all out. */
  take(nowMs: number): SharedUse[] {
    const uses = [...this.#byKey.values()].map(({ namespace, key, hits, lastUsedMs }) => ({
      namespace,
      key,
      hits,
      unusedMs: nowMs - lastUsedMs,
    }));
    this.#byKey.clear();
    return uses;
  }
}
