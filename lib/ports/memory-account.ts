import type { Component } from "../contracts/memory.ts";

/**
 * One component's account with the ledger. Memory is reserved *before* it is allocated and released after it is freed;
 * `grantedBytes` is what the component may hold now: reserved slab capacity and index count, not only payload.
 */
export interface MemoryAccount {
  readonly component: Component;
  readonly grantedBytes: number;
  /** The component's own ceiling (a `…_MAX_MB` setting); the ledger may grant less. */
  readonly ceilingBytes: number;
  /** Reserves `bytes`, or returns false and reserves nothing; the caller then evicts, spills, waits or refuses. */
  tryReserve(bytes: number): boolean;
  /** Releases `bytes`. @throws {RangeError} for more than was granted, so that a store that miscounts is noticed. */
  release(bytes: number): void;
}
