import type { StoreHistory, StoreMoment, StoreStats } from "../../contracts/memory.ts";

/** As many as a chart draws: five hours at 30 s. Beyond it the oldest goes. */
export const MOST_MOMENTS = 600;

/**
 * What each store held and answered, sample by sample, since the start: counters begin again with the process, and so
 * does this. At most `MOST_MOMENTS`.
 */
export class StoreRecorder {
  #moments: StoreMoment[] = [];

  record(sampledAt: string, stores: readonly StoreStats[]): void {
    this.#moments.push({ sampledAt, stores: stores.map(toFigures) });
    if (this.#moments.length > MOST_MOMENTS) this.#moments.shift();
  }

  /** Oldest first. @param store only that store's figures; all where it is left out. */
  list(store?: string): StoreHistory {
    if (store === undefined) return { moments: this.#moments };
    return {
      moments: this.#moments.map(({ sampledAt, stores }) => ({
        sampledAt,
        stores: stores.filter((figures) => figures.store === store),
      })),
    };
  }
}

function toFigures({ store, items, bytes, window }: StoreStats): StoreMoment["stores"][number] {
  return { store, items, bytes, windowHitRatio: window.hitRatio };
}
