import type { Component, StoreStats } from "../contracts/memory.ts";

/**
 * Kinds of relief steps, in the order of a run: cheapest for the consumer first. Compaction follows
 * recompression, which leaves the gaps that compaction closes. Only `evict` loses data.
 */
export const RELIEF_KINDS = ["expire", "deduplicate", "recompress", "compact", "spill", "evict"] as const;

export type ReliefKind = (typeof RELIEF_KINDS)[number];

export interface Relief {
  items: number;
  /** Bytes returned to the ledger. */
  freedBytes: number;
}

/** Yields to the event loop between slices of work, and measures the longest slice. */
export interface Yielder {
  /** True when the slice (10 ms) is used up: `await yield()` and go on. */
  readonly spent: boolean;
  yield(): Promise<void>;
}

/** An action of a store that reduces its memory. */
export interface ReliefStep {
  readonly kind: ReliefKind;
  /** Bytes that `run(targetBytes)` would free now, within 15 %. Changes nothing. */
  predict(targetBytes: number): Relief;
  /** Frees up to `targetBytes` (Infinity: as much as possible), in slices. Bounds hold at every await. */
  run(targetBytes: number, yielder: Yielder): Promise<Relief>;
}

/** A store as seen by the optimizer, the sampler and the sweeper: a synchronous engine with bounds in memory. */
export interface BoundedStore {
  /** `sessions`, `cache`, `vectors`, `query-cache`, `conversations`, … */
  readonly name: string;
  readonly component: Component;
  stats(): StoreStats;
  readonly relief: readonly ReliefStep[];
  /** Removes expired items, in slices. Returns their number. */
  sweep(yielder: Yielder): Promise<number>;
  /** Changes the bounds at run time; they hold when it returns. */
  resize?(bounds: { maxItems?: number; maxBytes?: number; ttlMs?: number }): void;
}
