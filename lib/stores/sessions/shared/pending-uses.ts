import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { SharedSessionRows } from "../../../ports/shared-session-rows.ts";
import type { Clock } from "../../../shared/clock.ts";

/** A key with its time in the map, and on its way. */
const USE_BYTES = 256;
export const MOST_PENDING = 20_000;
/** What the account of pending uses must have room for. */
export const MOST_USE_BYTES = USE_BYTES * MOST_PENDING;
const SENT_AT_ONCE = 500;

interface Options {
  rows: SharedSessionRows;
  account: MemoryAccount;
  clock: Pick<Clock, "monotonicMs">;
}

/** Uses of sessions that were answered from this node's copies, on their way to where the sessions are. Bounded, and paid for. */
export class PendingUses {
  readonly #options: Options;
  /** The one used longest ago first. */
  readonly #atMs = new Map<string, number>();
  #flushing: Promise<void> | null = null;
  /** Follows the one that runs, for callers who came after that began. */
  #next: Promise<void> | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  get size(): number {
    return this.#atMs.size;
  }

  /** False: there is no room for it, and the use must be told at once. */
  add(key: string): boolean {
    const { account, clock } = this.#options;
    const isNew = !this.#atMs.delete(key);
    if (isNew && (this.#atMs.size >= MOST_PENDING || !account.tryReserve(USE_BYTES))) return false;
    this.#atMs.set(key, clock.monotonicMs());
    return true;
  }

  /**
   * Tells all that are pending now. Uses that come meanwhile are told by the next, so that nobody waits for more than two rounds.
   * What could not be told stays pending. @throws {AppError} as the rows.
   */
  flush(): Promise<void> {
    if (this.#flushing !== null) {
      this.#next ??= this.#flushing
        .catch(() => undefined)
        .then(() => {
          this.#next = null;
          return this.flush();
        });
      return this.#next;
    }
    if (this.#atMs.size === 0) return Promise.resolve();
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** Tells the use of one session, if one is pending. @throws {AppError} as the rows. */
  async tell(key: string): Promise<void> {
    const atMs = this.#atMs.get(key);
    if (atMs !== undefined) await this.#send([[key, atMs]]);
  }

  async #flush(): Promise<void> {
    const pending = [...this.#atMs];
    for (let at = 0; at < pending.length; at += SENT_AT_ONCE) await this.#send(pending.slice(at, at + SENT_AT_ONCE));
  }

  async #send(uses: readonly (readonly [key: string, atMs: number])[]): Promise<void> {
    const { rows, account, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    await rows.uses(uses.map(([key, atMs]) => ({ key, agoMs: nowMs - atMs })));
    for (const [key, atMs] of uses) {
      // Used again meanwhile: that is told with the next.
      if (this.#atMs.get(key) !== atMs) continue;
      this.#atMs.delete(key);
      account.release(USE_BYTES);
    }
  }
}
