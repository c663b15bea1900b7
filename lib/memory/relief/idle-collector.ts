import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";

const LOOK_MS = 500;
/**
 * The API must have been idle this long. Such a collection also releases compiled code that was not run lately: in the
 * first 10,000 requests after one each takes 15 % more CPU, so it is for when nobody comes, not for each pause between
 * two callers.
 */
const QUIET_MS = 30_000;
/** And so many looks in a row must find the event loop at rest. */
const QUIET_LOOKS = 4;
const QUIET_SHARE = 0.03;
/** What the heap has touched beyond what the last collection left. */
const WORTH_BYTES = 6 * MIB;
/** What the process holds beyond what it held then, the heap included: the allocator keeps pages too. */
const WORTH_RSS_BYTES = 24 * MIB;
/** A collection may take a hundredth of the time at most, however large the heap is. */
const REST_FACTOR = 100;
/**
 * Between two for the sake of what is refused: callers who come again and again would keep the API from ever being idle. Where
 * a collection did not help, the next waits twice as long: what is held then is held for good.
 */
const FIRST_GAP_MS = 20_000;
const LONGEST_GAP_MS = 16 * 60_000;
/** Nothing was refused for so long: what is refused next is another burst's. */
const CALM_MS = 60_000;

export interface IdleCollectorOptions {
  clock: Pick<Clock, "monotonicMs" | "every">;
  /** How many calls were answered so far; those that only watch (health, monitoring, pages) need not count. */
  calls(): number;
  /** How many answers so far refused something for want of memory. */
  refusals(): number;
  /** The share of the time since the last call in which the event loop had work. */
  busyShare(): number;
  /** Heap pages that may be resident: used, free, and those in V8's pool. */
  heapBytes(): number;
  /** RSS of the process beside what stores were granted. */
  ownBytes(): number;
  /** Collects the heap and gives its pages and the allocator's back. */
  collect(): Promise<void>;
  onError(error: unknown): void;
}

/**
 * Gives back what a burst has left behind: the allocator's free pages, and in the heap the touched pages of the young
 * generation (up to 64 MB at our flags) and of what was promoted and died. V8 does so by itself only after minutes
 * without allocation, which a server that samples itself four times a second rarely has; glibc never does. It waits until the API
 * is idle, or until something is refused because of it.
 */
export class IdleCollector {
  readonly #options: IdleCollectorOptions;
  #quietLooks = 0;
  #calls = 0;
  #calledAtMs: number;
  #refusals = 0;
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  #endedAtMs = Number.NEGATIVE_INFINITY;
  #gapMs = FIRST_GAP_MS;
  /** The last collection was for the sake of what was refused, and something is refused still. */
  #isRepeated = false;
  #leftBytes = 0;
  #leftOwnBytes = 0;
  #notBeforeMs = 0;
  #collecting = false;

  constructor(options: IdleCollectorOptions) {
    this.#options = options;
    this.#calledAtMs = options.clock.monotonicMs();
  }

  /** Looks twice a second until the returned function is called. */
  start(): () => void {
    return this.#options.clock.every(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, heapBytes, ownBytes, onError } = this.#options;
    this.#quietLooks = this.#isQuiet() ? this.#quietLooks + 1 : 0;
    const isRefusing = this.#isRefusing();
    if (!isRefusing && this.#quietLooks < QUIET_LOOKS) return;
    if (this.#collecting || clock.monotonicMs() < this.#notBeforeMs) return;
    const isWorth = heapBytes() - this.#leftBytes >= WORTH_BYTES || ownBytes() - this.#leftOwnBytes >= WORTH_RSS_BYTES;
    if (!isWorth) return;
    if (isRefusing) {
      if (this.#isRepeated) this.#gapMs = Math.min(this.#gapMs * 2, LONGEST_GAP_MS);
      this.#isRepeated = true;
    }
    this.#collecting = true;
    try {
      await this.#collect();
    } catch (error) {
      onError(error);
    } finally {
      this.#collecting = false;
    }
  }

  #isQuiet(): boolean {
    const { calls, busyShare, clock } = this.#options;
    const isBusy = busyShare() > QUIET_SHARE;
    const nowMs = clock.monotonicMs();
    if (calls() !== this.#calls) this.#calledAtMs = nowMs;
    this.#calls = calls();
    return !isBusy && nowMs - this.#calledAtMs >= QUIET_MS;
  }

  /** Whether something is refused, and it is time: perhaps for what a burst left behind: it would stay so until the API is idle. */
  #isRefusing(): boolean {
    const { refusals, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const before = this.#refusals;
    this.#refusals = refusals();
    if (this.#refusals === before) return false;
    if (nowMs - this.#refusedAtMs >= CALM_MS) {
      this.#gapMs = FIRST_GAP_MS;
      this.#isRepeated = false;
    }
    this.#refusedAtMs = nowMs;
    return nowMs - this.#endedAtMs >= this.#gapMs;
  }

  async #collect(): Promise<void> {
    const { clock, heapBytes, ownBytes, collect } = this.#options;
    const startedAtMs = clock.monotonicMs();
    try {
      await collect();
    } finally {
      const endedAtMs = clock.monotonicMs();
      this.#endedAtMs = endedAtMs;
      this.#notBeforeMs = endedAtMs + (endedAtMs - startedAtMs) * REST_FACTOR;
      this.#leftBytes = heapBytes();
      this.#leftOwnBytes = ownBytes();
    }
  }
}
