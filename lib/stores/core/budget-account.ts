import type { Component } from "../../contracts/memory.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";

/**
 * A share of another account with a ceiling of its own. Between `hold` and `release` what is given back is kept, and taken from
 * first: under hard pressure the ledger grants nothing more, and a store must pay for what comes with what it releases.
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

  tryReserve(bytes: number): boolean {
    if (this.#grantedBytes + bytes > this.ceilingBytes) return false;
    const spare = Math.min(bytes, this.#spareBytes);
    if (bytes > spare && !this.#parent.tryReserve(bytes - spare)) return false;
    this.#spareBytes -= spare;
    this.#grantedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    if (bytes > this.#grantedBytes) throw new RangeError(`${bytes} bytes given back of ${this.#grantedBytes}`);
    this.#grantedBytes -= bytes;
    if (this.#holds) this.#spareBytes += bytes;
    else this.#parent.release(bytes);
  }

  /** Whether the parent would grant `bytes` now. */
  couldReserve(bytes: number): boolean {
    if (bytes <= 0) return true;
    if (!this.#parent.tryReserve(bytes)) return false;
    this.#parent.release(bytes);
    return true;
  }

  /** Whether `tryReserve(bytes)` would succeed. */
  hasRoom(bytes: number): boolean {
    return this.#grantedBytes + bytes <= this.ceilingBytes && this.couldReserve(bytes - this.#spareBytes);
  }

  holdSpare(): void {
    this.#holds = true;
  }

  releaseSpare(): void {
    this.#holds = false;
    if (this.#spareBytes > 0) this.#parent.release(this.#spareBytes);
    this.#spareBytes = 0;
  }
}
