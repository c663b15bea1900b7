import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { SharedSessionRows } from "../../../ports/shared-session-rows.ts";
import type { Clock } from "../../../shared/clock.ts";

/** A key with its time in the map, and on its way. */
const USE_BYTES = 256;
const MOST_PENDING = 20_000;
const SENT_AT_ONCE = 500;

interface Options {
  rows: SharedSessionRows;
  account: MemoryAccount;
  clock: Pick<Clock, "monotonicMs">;
}

/** Uses of sessions that were answered from this node's copies, on their way to where the sessions are. Bounded, and paid for. */
export class PendingUses {
  readonly #options: Options;
  readonly #atMs = new Map<string, number>();
  #flushing: Promise<void> | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  get size(): number {
    return this.#atMs.size;
  }

  /** False: there is no room for it, and the use must be told at once. */
  add(key: string): boolean {
    const { account, clock } = this.#options;
    if (!this.#atMs.has(key)) {
      if (this.#atMs.size >= MOST_PENDING || !account.tryReserve(USE_BYTES)) return false;
    }
    this.#atMs.set(key, clock.monotonicMs());
    return true;
  }

  /** Tells all that are pending; a call while one runs joins it. What could not be told stays pending. @throws {AppError} as the rows. */
  flush(): Promise<void> {
    if (this.#atMs.size === 0) return this.#flushing ?? Promise.resolve();
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const { rows, account, clock } = this.#options;
    while (this.#atMs.size > 0) {
      const sent = [...this.#atMs].slice(0, SENT_AT_ONCE);
      const nowMs = clock.monotonicMs();
      await rows.uses(sent.map(([key, atMs]) => ({ key, agoMs: nowMs - atMs })));
      for (const [key, atMs] of sent) {
        // Used again meanwhile: that is told with the next.
        if (this.#atMs.get(key) !== atMs) continue;
        this.#atMs.delete(key);
        account.release(USE_BYTES);
      }
      if (sent.length < SENT_AT_ONCE) return;
    }
  }
}
