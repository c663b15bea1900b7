import type { SamplePush } from "../../contracts/events.ts";
import type { StoreStats } from "../../contracts/memory.ts";

/** What the stores reported with one sample. */
export interface StoreMoment {
  atMs: number;
  stores: readonly StoreStats[];
}

/** As many as a chart draws. The server keeps no history of its stores: this one begins when the page is opened. */
export const MOST_MOMENTS = 600;

export function appendMoment(history: readonly StoreMoment[], push: SamplePush): readonly StoreMoment[] {
  const atMs = Date.parse(push.sample.sampledAt);
  const last = history.at(-1);
  if (last && last.atMs >= atMs) return history;
  return [...history.slice(-(MOST_MOMENTS - 1)), { atMs, stores: push.stores }];
}
