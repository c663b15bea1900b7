import type { Component, MemoryAccount } from "../../ports/memory-account.ts";

/** An account that knows its own ceiling and no ledger: for a store that stands alone, in tests and benchmarks. */
export class CeilingAccount implements MemoryAccount {
  readonly component: Component;
  readonly ceilingBytes: number;
  #grantedBytes = 0;

  constructor(component: Component, ceilingBytes: number) {
    this.component = component;
    this.ceilingBytes = ceilingBytes;
  }

  get grantedBytes(): number {
    return this.#grantedBytes;
  }

  tryTake(bytes: number): boolean {
    if (this.#grantedBytes + bytes > this.ceilingBytes) return false;
    this.#grantedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    if (bytes > this.#grantedBytes) throw new RangeError(`${bytes} B given back, ${this.#grantedBytes} B granted`);
    this.#grantedBytes -= bytes;
  }
}
