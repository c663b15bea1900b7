import type { MemoryAccount } from "../ports/memory-account.ts";
import { MIB } from "../shared/bytes.ts";
import type { Clock } from "../shared/clock.ts";

/** Every job has this from its first byte to its last: four slots of input, a parser's window and its records in flight. */
export const BASE_BYTES = 4 * MIB;
/** What one record over the usual size may need: its bytes, their copy as one piece, its text and its value. With the base, 64 MiB. */
export const LARGE_RECORD_BYTES = 60 * MIB;

interface Waiter {
  bytes: number;
  resume(granted: boolean): void;
}

export interface ByteBudgetOptions {
  account: MemoryAccount;
  clock: Clock;
  /** How long a job waits for memory while nothing of the streams' own is going to be given back. */
  patienceMs?: number;
}

/**
 * Memory for streams, borrowed from the ledger. A job takes its base before it reads a byte, and all that a large record may
 * need at once before it holds one: no job ever holds a part of what it waits for, so that jobs cannot block each other.
 * Who waits is served in order.
 */
export class ByteBudget {
  readonly #account: MemoryAccount;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #waiters: Waiter[] = [];
  #heldBytes = 0;

  constructor({ account, clock, patienceMs = 10_000 }: ByteBudgetOptions) {
    this.#account = account;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Granted to jobs now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Takes `bytes`, waiting in line.
   * @returns false when they were not to be had within the patience, or `signal` was aborted.
   */
  async take(bytes: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return false;
    if (this.#waiters.length === 0 && this.#tryTake(bytes)) return true;
    return await new Promise<boolean>((resolve) => {
      const finish = (granted: boolean) => {
        const index = this.#waiters.indexOf(waiter);
        if (index >= 0) this.#waiters.splice(index, 1);
        stopTimer();
        stopRetry();
        signal?.removeEventListener("abort", onAbort);
        resolve(granted);
        if (!granted) this.#serve();
      };
      const waiter: Waiter = { bytes, resume: finish };
      const onAbort = () => finish(false);
      // Other components may give memory back without our knowing: look again now and then.
      const stopRetry = this.#clock.every(100, () => this.#serve());
      const stopTimer = this.#clock.after(this.#patienceMs, () => finish(false));
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Takes `bytes` if they are to be had without waiting, and nobody waits. */
  takeNow(bytes: number): boolean {
    return this.#waiters.length === 0 && this.#tryTake(bytes);
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#account.give(bytes);
    this.#serve();
  }

  #tryTake(bytes: number): boolean {
    if (!this.#account.tryTake(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  #serve(): void {
    for (let next = this.#waiters[0]; next; next = this.#waiters[0]) {
      if (!this.#tryTake(next.bytes)) return;
      next.resume(true);
    }
  }
}
