import type { MemoryAccount } from "../../ports/memory-account.ts";
import { MIB } from "../../shared/bytes.ts";
import { mayTake } from "../../shared/fair-shares.ts";

/** What a watch comes to hold (its windows, full): charged whole with the first sample. */
export const WATCH_BYTES = MIB;

/** Gives back the watch of the process that was not heard of for longest, of one namespace or of any; false when there is none. */
type GiveUpSilent = (nowMs: number, namespace: string | null) => boolean;

/** The memory of all watches, of which no namespace takes more than its fair part. Holds one number for each namespace with a watch. */
export class WatchRoom {
  readonly #account: MemoryAccount;
  readonly #held = new Map<string, number>();
  readonly #giveUpSilent: GiveUpSilent;

  constructor(account: MemoryAccount, giveUpSilent: GiveUpSilent) {
    this.#account = account;
    this.#giveUpSilent = giveUpSilent;
  }

  /** Pays for one watch more; false where there is no memory, or the namespace has its part. */
  tryReserve(namespace: string, nowMs: number): boolean {
    // Who has its part gives up its own: memory that is free is no reason to forget what others' watches have seen.
    while (!this.#mayTake(namespace)) if (!this.#giveUpSilent(nowMs, namespace)) return false;
    while (!this.#account.tryReserve(WATCH_BYTES)) if (!this.#giveUpSilent(nowMs, null)) return false;
    this.#held.set(namespace, (this.#held.get(namespace) ?? 0) + WATCH_BYTES);
    return true;
  }

  release(namespace: string): void {
    const left = (this.#held.get(namespace) ?? 0) - WATCH_BYTES;
    if (left > 0) this.#held.set(namespace, left);
    else this.#held.delete(namespace);
    this.#account.release(WATCH_BYTES);
  }

  /** A namespace without a watch may have what is free; where nothing is, silent watches of any make room. */
  #mayTake(namespace: string): boolean {
    const { ceilingBytes, grantedBytes } = this.#account;
    const left = ceilingBytes - grantedBytes;
    const held = this.#held.get(namespace) ?? 0;
    return held === 0 || mayTake(WATCH_BYTES, held, left);
  }
}
