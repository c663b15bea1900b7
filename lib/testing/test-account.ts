import type { Component } from "../contracts/memory.ts";
import type { MemoryAccount } from "../ports/memory-account.ts";

/** An account with no ledger behind it, and a limit that a test may move; it grants nothing while throttled. */
export class TestAccount implements MemoryAccount {
  readonly component: Component;
  grantedBytes = 0;
  ceilingBytes: number;
  throttled = false;

  constructor(ceilingBytes = Number.MAX_SAFE_INTEGER, component: Component = "cache") {
    this.ceilingBytes = ceilingBytes;
    this.component = component;
  }

  tryReserve(bytes: number): boolean {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is not a number of bytes`);
    if (this.throttled || this.grantedBytes + bytes > this.ceilingBytes) return false;
    this.grantedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    if (bytes < 0 || bytes > this.grantedBytes) throw new RangeError(`${bytes} given back of ${this.grantedBytes}`);
    this.grantedBytes -= bytes;
  }
}
