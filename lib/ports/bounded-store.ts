import type { Component, StoreStats } from "../contracts/memory.ts";

/**
 * What a relief step does, in the order in which a run takes them: cheapest for the consumer first. Compaction follows
 * recompression, which leaves the holes that it closes. Only `evict` loses anything.
 */
export const RELIEF_KINDS = ["expire", "deduplicate", "recompress", "compact", "spill", "evict"] as const;

export type ReliefKind = (typeof RELIEF_KINDS)[number];

export interface Relief {
  items: number;
  /** What the ledger gets back. */
  freedBytes: number;
}

/** Gives the event loop back between slices of work, and measures the longest slice. */
export interface Slicer {
  /** True when the slice (10 ms) is used up: `await breathe()` and go on. */
  readonly spent: boolean;
  breathe(): Promise<void>;
}

/** One thing a store can do to hold less memory. */
export interface ReliefStep {
  readonly kind: ReliefKind;
  /** What `run(targetBytes)` would free now, within 15 %; changes nothing. */
  predict(targetBytes: number): Relief;
  /** Frees up to `targetBytes` (Infinity: all that the step can), in slices; bounds hold at every await. */
  run(targetBytes: number, slicer: Slicer): Promise<Relief>;
}

/** A store as the optimizer, the sampler and the sweeper know it: a synchronous engine with bounds in memory. */
export interface BoundedStore {
  /** `sessions`, `cache`, `vectors`, `query-cache`, `conversations`, … */
  readonly name: string;
  readonly component: Component;
  stats(): StoreStats;
  readonly relief: readonly ReliefStep[];
  /** Removes what has expired, in slices; returns how many. */
  sweep(slicer: Slicer): Promise<number>;
  /** Changes bounds while running; they hold again when it returns. */
  resize?(bounds: { maxItems?: number; maxBytes?: number; ttlMs?: number }): void;
}
