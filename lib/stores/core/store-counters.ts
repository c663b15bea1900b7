import type { StoreStats } from "../../contracts/memory.ts";
import type { Clock } from "../../shared/clock.ts";
import { HitWindow } from "./hit-window.ts";

export type RemovalCause = keyof StoreStats["removals"];

/** What a store counts: since the start, and over the last 5 minutes. Fixed size. */
export class StoreCounters {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #lookups = new HitWindow();
  #rejections = 0;
  readonly #removals: Record<RemovalCause, number> = { evicted: 0, expired: 0, replaced: 0, deleted: 0, spilled: 0 };

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  hit(nowMs = this.#clock.monotonicMs()): void {
    this.#lookups.hit(nowMs);
  }

  miss(nowMs = this.#clock.monotonicMs()): void {
    this.#lookups.miss(nowMs);
  }

  reject(): void {
    this.#rejections++;
  }

  removed(cause: RemovalCause, count = 1): void {
    this.#removals[cause] += count;
  }

  /** The counted fields of `StoreStats`; `evictions` are all removals for want of room, lossless or not. */
  snapshot(): Pick<
    StoreStats,
    "hits" | "misses" | "hitRatio" | "evictions" | "expirations" | "rejections" | "removals" | "window"
  > {
    const removals = { ...this.#removals };
    return {
      hits: this.#lookups.hits,
      misses: this.#lookups.misses,
      hitRatio: this.#lookups.hitRatio,
      evictions: removals.evicted + removals.spilled,
      expirations: removals.expired,
      rejections: this.#rejections,
      removals,
      window: this.#lookups.window(this.#clock.monotonicMs()),
    };
  }
}
