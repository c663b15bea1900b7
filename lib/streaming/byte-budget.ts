import type { MemoryAccount } from "../ports/memory-account.ts";
import { MIB } from "../shared/bytes.ts";
import type { Clock } from "../shared/clock.ts";

/** Every job has this from its first byte to its last: four slots of input, a parser's window and its records in flight. */
export const BASE_BYTES = 4 * MIB;
/** What one record over the usual size may need: its bytes, their copy as one piece, its text and its value. With the base, 64 MiB. */
export const LARGE_RECORD_BYTES = 60 * MIB;

interface Waiter {
  owner: string;
  bytes: number;
  resume(granted: boolean): void;
}

export interface ByteBudgetOptions {
  account: MemoryAccount;
  clock: Clock;
  /** How long a job waits for memory while nothing of the streams' own is going to be given back. */
  patienceMs?: number;
  /** Told when `owner` must wait for `bytes`: whoever holds more than its share may give some back. */
  onShort?: (owner: string, bytes: number) => void;
}

/**
 * Memory for streams, borrowed from the ledger. A job takes its base before it reads a byte, and all that a large record may
 * need at once before it holds one: no job ever holds a part of what it waits for, so that jobs cannot block each other.
 * Of those who wait, the owner that holds least is served first, and each in its order. An owner is a namespace.
 */
export class ByteBudget {
  readonly #account: MemoryAccount;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #waiters: Waiter[] = [];
  readonly #onShort: (owner: string, bytes: number) => void;
  readonly #held = new Map<string, number>();
  #heldBytes = 0;

  constructor({ account, clock, patienceMs = 10_000, onShort = () => undefined }: ByteBudgetOptions) {
    this.#account = account;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#onShort = onShort;
  }

  /** All that there may ever be for all together. */
  get ceilingBytes(): number {
    return this.#account.ceilingBytes;
  }

  /** Granted to jobs now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The same for each owner that holds any. */
  get heldByOwner(): ReadonlyMap<string, number> {
    return this.#held;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Takes `bytes`, waiting in line.
   * @returns false when they were not to be had within the patience, or `signal` was aborted.
   */
  async reserve(bytes: number, signal?: AbortSignal, owner = ""): Promise<boolean> {
    if (signal?.aborted) return false;
    if (this.takeNow(bytes, owner)) return true;
    const granted = new Promise<boolean>((resolve) => {
      const finish = (granted: boolean) => {
        const index = this.#waiters.indexOf(waiter);
        if (index >= 0) this.#waiters.splice(index, 1);
        stopTimer();
        stopRetry();
        signal?.removeEventListener("abort", onAbort);
        resolve(granted);
        if (!granted) this.#serve();
      };
      const waiter: Waiter = { owner, bytes, resume: finish };
      const onAbort = () => finish(false);
      // Other components may give memory back without our knowing: look again now and then.
      const stopRetry = this.#clock.every(100, () => this.#serve());
      const stopTimer = this.#clock.after(this.#patienceMs, () => finish(false));
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiters.push(waiter);
    });
    this.#onShort(owner, bytes);
    return await granted;
  }

  /** Takes `bytes` if they are to be had without waiting, and nobody waits. */
  takeNow(bytes: number, owner = ""): boolean {
    return this.#waiters.length === 0 && this.#tryReserve(bytes, owner);
  }

  release(bytes: number, owner = ""): void {
    this.#heldBytes -= bytes;
    const left = (this.#held.get(owner) ?? 0) - bytes;
    if (left > 0) this.#held.set(owner, left);
    else this.#held.delete(owner);
    this.#account.release(bytes);
    this.#serve();
  }

  #tryReserve(bytes: number, owner: string): boolean {
    if (!this.#account.tryReserve(bytes)) return false;
    this.#heldBytes += bytes;
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + bytes);
    return true;
  }

  #serve(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      if (!this.#tryReserve(next.bytes, next.owner)) return;
      next.resume(true);
    }
  }

  #next(): Waiter | undefined {
    let next = this.#waiters[0];
    for (const waiter of this.#waiters) if (this.#of(waiter) < this.#of(next)) next = waiter;
    return next;
  }

  #of(waiter: Waiter | undefined): number {
    return (waiter && this.#held.get(waiter.owner)) ?? 0;
  }
}
