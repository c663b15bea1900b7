import type { MemoryAccount } from "../../ports/memory-account.ts";

/** An account with a ceiling of its own and no ledger behind it: for tests and benchmarks. */
export class TestAccount implements MemoryAccount {
  readonly component = "vectors";
  readonly ceilingBytes: number;
  grantedBytes = 0;

  constructor(ceilingBytes: number) {
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
