import type { Component } from "../../contracts/memory.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";

/**
 * A share of another account with a ceiling of its own. Between `hold` and `release` what is given back is kept, and taken from
 * first: under hard pressure the ledger grants nothing anew, and a store must pay for what comes with what it lets go.
 */
export class BudgetAccount implements MemoryAccount {
  readonly component: Component;
  ceilingBytes: number;
  readonly #parent: MemoryAccount;
  #grantedBytes = 0;
  #spareBytes = 0;
  #holds = false;

  constructor(parent: MemoryAccount, ceilingBytes: number) {
    this.component = parent.component;
    this.ceilingBytes = ceilingBytes;
    this.#parent = parent;
  }

  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  tryTake(bytes: number): boolean {
    if (this.#grantedBytes + bytes > this.ceilingBytes) return false;
    const spare = Math.min(bytes, this.#spareBytes);
    if (bytes > spare && !this.#parent.tryTake(bytes - spare)) return false;
    this.#spareBytes -= spare;
    this.#grantedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    if (bytes > this.#grantedBytes) throw new RangeError(`${bytes} bytes given back of ${this.#grantedBytes}`);
    this.#grantedBytes -= bytes;
    if (this.#holds) this.#spareBytes += bytes;
    else this.#parent.give(bytes);
  }

  /** Whether the parent would grant `bytes` now. */
  couldTake(bytes: number): boolean {
    if (bytes <= 0) return true;
    if (!this.#parent.tryTake(bytes)) return false;
    this.#parent.give(bytes);
    return true;
  }

  /** Whether `tryTake(bytes)` would succeed. */
  hasRoom(bytes: number): boolean {
    return this.#grantedBytes + bytes <= this.ceilingBytes && this.couldTake(bytes - this.#spareBytes);
  }

  hold(): void {
    this.#holds = true;
  }

  release(): void {
    this.#holds = false;
    if (this.#spareBytes > 0) this.#parent.give(this.#spareBytes);
    this.#spareBytes = 0;
  }
}
