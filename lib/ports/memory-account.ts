import type { Component } from "../contracts/memory.ts";

/**
 * One component's account with the ledger. Memory is asked for *before* it is allocated and given back after it is let go;
 * `grantedBytes` is what the component may hold now: reserved slab capacity and index count, not only payload.
 */
export interface MemoryAccount {
  readonly component: Component;
  readonly grantedBytes: number;
  /** The component's own ceiling (a `…_MAX_MB` setting); the ledger may grant less. */
  readonly ceilingBytes: number;
  /** Grants `bytes` more, or returns false and grants nothing: the caller then evicts, spills, waits or refuses. */
  tryTake(bytes: number): boolean;
  /** Gives `bytes` back. @throws {RangeError} for more than was granted: a store that miscounts must not go unnoticed. */
  give(bytes: number): void;
}
