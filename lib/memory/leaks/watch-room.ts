import type { MemoryAccount } from "../../ports/memory-account.ts";
import { MIB } from "../../shared/bytes.ts";
import { mayTake } from "../../shared/fair-shares.ts";

/** What a watch comes to hold (its windows, full): charged whole with the first sample. */
export const WATCH_BYTES = MIB;

/** The memory of all watches, of which no namespace takes more than its fair part. Holds one number for each namespace with a watch. */
export class WatchRoom {
  readonly #account: MemoryAccount;
  readonly #held = new Map<string, number>();
  readonly #giveUpSilent: (nowMs: number) => boolean;

  /** @param giveUpSilent gives the watch of a process back that nothing is heard of; false when there is none. */
  constructor(account: MemoryAccount, giveUpSilent: (nowMs: number) => boolean) {
    this.#account = account;
    this.#giveUpSilent = giveUpSilent;
  }

  /** Pays for one watch more; false where there is no memory, or the namespace has its part. */
  tryTake(namespace: string, nowMs: number): boolean {
    while (!this.#take(namespace)) if (!this.#giveUpSilent(nowMs)) return false;
    return true;
  }

  give(namespace: string): void {
    const left = (this.#held.get(namespace) ?? 0) - WATCH_BYTES;
    if (left > 0) this.#held.set(namespace, left);
    else this.#held.delete(namespace);
    this.#account.give(WATCH_BYTES);
  }

  #take(namespace: string): boolean {
    const { ceilingBytes, grantedBytes } = this.#account;
    const held = this.#held.get(namespace) ?? 0;
    if (!mayTake(WATCH_BYTES, held, ceilingBytes - grantedBytes) || !this.#account.tryTake(WATCH_BYTES)) return false;
    this.#held.set(namespace, held + WATCH_BYTES);
    return true;
  }
}
