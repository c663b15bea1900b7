import type { Component, MemoryAccount } from "../../ports/memory-account.ts";

/** An account for tests: grants up to its ceiling, and throws for bytes given back that were never granted. */
export class TestingAccount implements MemoryAccount {
  readonly component: Component = "rag";
  ceilingBytes: number;
  grantedBytes = 0;

  constructor(ceilingBytes = Number.MAX_SAFE_INTEGER) {
    this.ceilingBytes = ceilingBytes;
  }

  tryTake(bytes: number): boolean {
    if (this.grantedBytes + bytes > this.ceilingBytes) return false;
    this.grantedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    if (bytes > this.grantedBytes) throw new RangeError(`${bytes} given back of ${this.grantedBytes}`);
    this.grantedBytes -= bytes;
  }
}
