import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MIB } from "../shared/bytes.ts";
import type { Clock } from "../shared/clock.ts";

export interface Collection {
  /** What the heap gave back. */
  freedBytes: number;
  durationMs: number;
  pauseMs: number;
}

export interface Collector {
  /** An estimate of what a full collection would free on the heap now. */
  garbageBytes(): number;
  /** Whether a full collection would give back more than its pause costs, and is allowed so soon after the last. */
  pays(freedBytes: number, byHand: boolean): boolean;
  collect(): Promise<Collection>;
}

/** A full collection stops everything for 50–300 ms: less than this is not worth it. */
const WORTH_BYTES = 8 * MIB;
/** At most one a minute by itself, so that pressure never becomes a loop of collections; a person may hurry. */
const AUTOMATIC_GAP_MS = 60_000;
const BY_HAND_GAP_MS = 5_000;
/** Until a collection has shown it: of what was allocated since V8's last one, so much is taken for dead. */
const FIRST_DEAD_SHARE = 0.5;
/** The memory of dead buffers goes back on a thread of V8's own, a little later. */
const SETTLE_MS = 50;

export interface CollectorOptions {
  clock: Pick<Clock, "monotonicMs" | "after">;
  heapUsed(): number;
  /** Heap in use after the newest full collection that V8 ran; null before the first. */
  heapUsedAfterMajor(): number | null;
  gc(): void;
}

export class FullCollector implements Collector {
  readonly #options: CollectorOptions;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  /** Part of what was allocated since V8's last full collection is alive: how much was not, at the collections here. */
  #deadShare: number | null = null;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  garbageBytes(): number {
    return this.#allocatedBytes() * (this.#deadShare ?? FIRST_DEAD_SHARE);
  }

  /** What stands on the heap above what V8's last full collection left. */
  #allocatedBytes(): number {
    const live = this.#options.heapUsedAfterMajor();
    return live === null ? 0 : Math.max(0, this.#options.heapUsed() - live);
  }

  /** What stores let go outside the heap stays with the process until its wrappers are collected: it counts too. */
  pays(freedBytes: number, byHand: boolean): boolean {
    const gapMs = byHand ? BY_HAND_GAP_MS : AUTOMATIC_GAP_MS;
    if (this.#options.clock.monotonicMs() - this.#lastAtMs < gapMs) return false;
    return this.garbageBytes() + freedBytes >= WORTH_BYTES;
  }

  async collect(): Promise<Collection> {
    const { clock, gc, heapUsed } = this.#options;
    const before = heapUsed();
    const allocatedBytes = this.#allocatedBytes();
    const startedAtMs = clock.monotonicMs();
    this.#lastAtMs = startedAtMs;
    gc();
    const pauseMs = clock.monotonicMs() - startedAtMs;
    const freedBytes = Math.max(0, before - heapUsed());
    this.#learn(allocatedBytes, freedBytes);
    await new Promise<void>((resolve) => clock.after(SETTLE_MS, resolve));
    return { freedBytes, durationMs: clock.monotonicMs() - startedAtMs, pauseMs };
  }

  #learn(allocatedBytes: number, freedBytes: number): void {
    // Of a few kilobytes the share is noise.
    if (allocatedBytes < MIB) return;
    const share = Math.min(1, freedBytes / allocatedBytes);
    this.#deadShare = this.#deadShare === null ? share : (this.#deadShare + share) / 2;
  }
}

/** V8's own `gc`, without starting the process with `--expose-gc`. */
export function exposeGc(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc !== "function") throw new Error("this V8 does not give its collector away");
  return () => {
    gc();
  };
}
