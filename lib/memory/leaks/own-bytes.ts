import type { LeakSample } from "./sample.ts";

/** What the process claims for itself or no one claims is just where a leak would show: it is never subtracted. */
const NOT_STORES = new Set(["runtime", "unattributed"]);
const BLOCK = 6;
const WINDOW = 42;

/**
 * The bytes that bounded stores report as their own, to be taken off the channel that holds them. Stores say how much they hold, not
 * where (heap, buffers, native memory), so each is matched to a channel by what the channel does while the store fills: one that
 * grows by at least half as much holds it. Only filling counts: what a flush leaves behind stays until a collection.
 *
 * Holds at most `WINDOW` numbers per component and channel.
 */
export class OwnBytes<Channel extends string> {
  readonly #blocks: { own: Map<string, number>; low: Record<Channel, number> }[] = [];
  readonly #held = new Map<Channel, Set<string>>();
  #open: { own: Map<string, number>; low: Record<Channel, number>; count: number } | null = null;

  /** Takes a sample in and returns what to subtract from each channel's reading, bytes. */
  take(sample: LeakSample, readings: Record<Channel, number>): (channel: Channel) => number {
    const own = new Map<string, number>();
    for (const { component, bytes } of sample.breakdown ?? []) {
      if (!NOT_STORES.has(component) && Number.isFinite(bytes)) own.set(component, bytes);
    }
    if (own.size > 0) this.#observe(own, readings);
    return (channel) => {
      let total = 0;
      for (const component of this.#held.get(channel) ?? []) total += own.get(component) ?? 0;
      return total;
    };
  }

  #observe(own: Map<string, number>, readings: Record<Channel, number>): void {
    this.#open ??= { own, low: { ...readings }, count: 0 };
    for (const channel of Object.keys(readings) as Channel[]) {
      this.#open.low[channel] = Math.min(this.#open.low[channel], readings[channel]);
    }
    this.#open.own = own;
    this.#open.count += 1;
    if (this.#open.count < BLOCK) return;
    this.#blocks.push({ own: this.#open.own, low: this.#open.low });
    if (this.#blocks.length > WINDOW) this.#blocks.shift();
    this.#open = null;
    this.#match(Object.keys(readings) as Channel[], own.keys());
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
        const held = this.#held.get(channel) ?? new Set<string>();
        if (risen >= 0.5 * filled) held.add(component);
        else held.delete(component);
        this.#held.set(channel, held);
      }
    }
  }
}
