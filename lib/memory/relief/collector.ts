import { Session } from "node:inspector/promises";
import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { LearnedShare, type Reclaim, type Reclaimer } from "./reclaimer.ts";
import { COLLECT } from "./relief-plan.ts";

/** A full collection stops everything for 50–300 ms: less than this is not worth it. */
const WORTH_BYTES = 8 * MIB;
/** At most one a minute by itself, so that pressure never becomes a loop of collections; a person may hurry. */
const AUTOMATIC_GAP_MS = 60_000;
const BY_HAND_GAP_MS = 5_000;
/**
 * Until a collection has shown it: so much of the heap's pages above what V8's last collection left is taken for dead.
 */
const FIRST_DEAD_SHARE = 0.5;
/** Until a collection has shown it: two full collections over each MiB that is alive, on a busy core. */
const FIRST_PAUSE_MS_PER_MIB = 3;
/** The memory of dead buffers goes back on a thread of V8's own, a little later. */
const SETTLE_MS = 50;

export interface CollectorOptions {
  clock: Pick<Clock, "monotonicMs" | "after">;
  /** RSS of the process. */
  rssBytes(): number;
  /** Heap pages that may be resident: used, free, and those in V8's pool. */
  heapBytes(): number;
  heapUsed(): number;
  /** Heap in use after the newest full collection that V8 ran; null before the first. */
  heapUsedAfterMajor(): number | null;
  /** Collects all garbage and returns free pages. @returns the pause in milliseconds. */
  collect(): Promise<number>;
}

/** The collection at the end of a run: the one that gives pages back, with the pause it will cost told beforehand. */
export class FullCollector implements Reclaimer {
  readonly step = COLLECT;
  readonly #options: CollectorOptions;
  readonly #deadShare = new LearnedShare(FIRST_DEAD_SHARE);
  #pauseMsPerMib = FIRST_PAUSE_MS_PER_MIB;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  async prepare(): Promise<void> {
    // V8 is there already.
  }

  predict(): Reclaim {
    const liveBytes = this.#options.heapUsedAfterMajor() ?? this.#options.heapUsed();
    return {
      freedBytes: Math.round(this.#possibleBytes() * this.#deadShare.value),
      pauseMs: Math.round((liveBytes / MIB) * this.#pauseMsPerMib),
    };
  }

  /** What stores released outside the heap stays with the process until its wrappers are collected: it counts too. */
  pays(pendingBytes: number, byHand: boolean): boolean {
    const gapMs = byHand ? BY_HAND_GAP_MS : AUTOMATIC_GAP_MS;
    if (this.#options.clock.monotonicMs() - this.#lastAtMs < gapMs) return false;
    return this.predict().freedBytes + pendingBytes >= WORTH_BYTES;
  }

  async run(): Promise<Reclaim & { durationMs: number }> {
    const { clock, rssBytes, heapUsed, collect } = this.#options;
    const before = rssBytes();
    const possibleBytes = this.#possibleBytes();
    const startedAtMs = clock.monotonicMs();
    this.#lastAtMs = startedAtMs;
    const pauseMs = await collect();
    await new Promise<void>((resolve) => clock.after(SETTLE_MS, resolve));
    const freedBytes = Math.max(0, before - rssBytes());
    this.#deadShare.learn(possibleBytes, freedBytes);
    this.#pauseMsPerMib = (this.#pauseMsPerMib + pauseMs / Math.max(1, heapUsed() / MIB)) / 2;
    return { freedBytes, durationMs: clock.monotonicMs() - startedAtMs, pauseMs };
  }

  /** Pages of the heap above what V8's last full collection left: garbage, and room for what comes next. */
  #possibleBytes(): number {
    const live = this.#options.heapUsedAfterMajor();
    return live === null ? 0 : Math.max(0, this.#options.heapBytes() - live);
  }
}

/**
 * Two full collections that also give free pages back to the system, where `gc()` keeps them for what comes next: from
 * Node 22 on up to 150 MB, in a pool that no figure shows. The way in is the debugger's, from within.
 *
 * @returns milliseconds until it was done, which is the pause.
 */
export async function collectAndGiveBack(nowMs: () => number = () => performance.now()): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    const startedAtMs = nowMs();
    // V8 collects in a task of its own: nothing else of ours runs until it answers.
    await session.post("HeapProfiler.collectGarbage");
    return nowMs() - startedAtMs;
  } finally {
    // V8 answers while it holds a lock that the end of a session takes as well.
    await new Promise<void>((resolve) => setImmediate(resolve));
    session.disconnect();
  }
}
