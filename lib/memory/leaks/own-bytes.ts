import type { LeakSample } from "./sample.ts";

/**
 * What the process claims for itself or no one claims is just where a leak would show: it is never subtracted. What a helper process
 * holds is in no channel of this one.
 */
const NOT_STORES = new Set([
  "runtime",
  "unattributed",
  "heap-live",
  "heap-garbage",
  "heap-reserved",
  "young-generation",
  "code",
  "native-libraries",
  "native-heap",
  "threads",
  "helpers",
  "embeddings",
]);
const BLOCK = 6;
const WINDOW = 42;
/** V8 gives buffers back beside the program: what a collection released is gone so many samples later. */
const SETTLED_AFTER = 2;
/** Allocators keep freed pages: what was claimed off V8's books within so many marks may still be there. */
const KEPT_MARKS = 128;

interface Block<Channel extends string> {
  own: Map<string, number>;
  low: Record<Channel, number>;
  marks: number;
}

/**
 * The bytes that bounded stores report as their own, to be taken off the channel that holds them. Stores say how much they hold, not
 * where (heap, buffers, native memory), so each is matched to a channel by what the channel does while the store fills: one that
 * grows by at least half as much holds it.
 *
 * A claim that falls frees nothing yet: dead values wait for a collection, and an allocator keeps pages. Until then as much of the former
 * claim is taken off as keeps the rest where it was, or each optimization and each lowered limit would look like growth.
 *
 * Holds at most `WINDOW` numbers per component and channel.
 */
export class OwnBytes<Channel extends string> {
  readonly #blocks: Block<Channel>[] = [];
  readonly #held = new Map<Channel, Set<string>>();
  readonly #kept = new Map<Channel, KeptClaims>();
  #open: Block<Channel> | null = null;
  #sinceCollection = 0;

  /** Takes a sample in and returns what to subtract from each channel's reading, bytes. */
  take(sample: LeakSample, readings: Record<Channel, number>): (channel: Channel) => number {
    const own = new Map<string, number>();
    for (const { component, bytes } of sample.breakdown ?? []) {
      if (!NOT_STORES.has(component) && Number.isFinite(bytes)) own.set(component, bytes);
    }
    this.#sinceCollection = sample.gc.heapUsedAfterMajorBytes === null ? this.#sinceCollection + 1 : 0;
    if (own.size === 0) return () => 0;
    this.#observe(own, readings);
    const taken = new Map<Channel, number>();
    for (const [channel, held] of this.#held) {
      let claimed = 0;
      for (const component of held) claimed += own.get(component) ?? 0;
      taken.set(channel, this.#keptOf(channel).take(claimed, this.#settled(channel), readings[channel]));
    }
    return (channel) => taken.get(channel) ?? 0;
  }

  /** A mark is complete: matching goes by marks, whatever the period of the samples. */
  endMark(): void {
    for (const kept of this.#kept.values()) kept.endMark();
    const open = this.#open;
    if (!open) return;
    open.marks += 1;
    if (open.marks < BLOCK) return;
    this.#blocks.push(open);
    if (this.#blocks.length > WINDOW) this.#blocks.shift();
    this.#open = null;
    this.#match(Object.keys(open.low) as Channel[], open.own.keys());
  }

  #settled(channel: Channel): boolean {
    if (channel.startsWith("native")) return false;
    return this.#sinceCollection === (channel === "heap" ? 0 : SETTLED_AFTER);
  }

  #keptOf(channel: Channel): KeptClaims {
    const kept = this.#kept.get(channel) ?? new KeptClaims(channel.startsWith("native"));
    this.#kept.set(channel, kept);
    return kept;
  }

  #observe(own: Map<string, number>, readings: Record<Channel, number>): void {
    this.#open ??= { own, low: { ...readings }, marks: 0 };
    for (const channel of Object.keys(readings) as Channel[]) {
      this.#open.low[channel] = Math.min(this.#open.low[channel], readings[channel]);
    }
    this.#open.own = own;
  }

  #match(channels: readonly Channel[], components: Iterable<string>): void {
    for (const component of components) {
      for (const channel of channels) {
        let filled = 0;
        let risen = 0;
        for (let i = 1; i < this.#blocks.length; i++) {
          const [before, after] = [this.#blocks[i - 1], this.#blocks[i]];
          const grown = (after?.own.get(component) ?? 0) - (before?.own.get(component) ?? 0);
          if (!before || !after || grown <= 0) continue;
          filled += grown;
          risen += Math.max(0, after.low[channel] - before.low[channel]);
        }
        // What was matched stays matched while the store stands still: there is nothing new to judge by.
        if (filled < 1 << 20) continue;
        this.#hold(channel, component, risen >= 0.5 * filled);
      }
    }
  }

  #hold(channel: Channel, component: string, holds: boolean): void {
    const held = this.#held.get(channel) ?? new Set<string>();
    this.#held.set(channel, held);
    if (held.has(component) === holds) return;
    if (holds) held.add(component);
    else held.delete(component);
    this.#kept.delete(channel);
  }
}

/**
 * Between what a store claims and the highest claim that may still be in memory (since the last collection, or, off V8's books, of the
 * last `KEPT_MARKS` and more) what no store explains is taken to have stayed as it was.
 */
class KeptClaims {
  readonly #byWindow: boolean;
  #before = 0;
  #high = 0;
  #marks = 0;
  #unexplained = Number.NaN;

  constructor(byWindow: boolean) {
    this.#byWindow = byWindow;
  }

  /** @returns what to take off `reading`, bytes: at least `claimed`. */
  take(claimed: number, settled: boolean, reading: number): number {
    this.#high = settled ? claimed : Math.max(this.#high, claimed);
    const [most, least] = [reading - claimed, reading - Math.max(this.#high, this.#before)];
    this.#unexplained = Math.min(most, Math.max(least, Number.isNaN(this.#unexplained) ? most : this.#unexplained));
    return reading - this.#unexplained;
  }

  endMark(): void {
    if (!this.#byWindow) return;
    this.#marks += 1;
    if (this.#marks % KEPT_MARKS !== 0) return;
    this.#before = this.#high;
    this.#high = 0;
  }
}
