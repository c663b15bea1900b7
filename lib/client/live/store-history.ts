import type { SamplePush } from "../../contracts/events.ts";
import type { StoreMoment } from "../../contracts/memory.ts";

/** As many as a chart draws, and as the server keeps. */
export const MOST_MOMENTS = 600;

/** The history with what the stores reported with one more sample; the same object where it is in there already. */
export function appendMoment(history: readonly StoreMoment[], push: SamplePush): readonly StoreMoment[] {
  const { sampledAt } = push.sample;
  const last = history.at(-1);
  if (last && Date.parse(last.sampledAt) >= Date.parse(sampledAt)) return history;
  const stores = push.stores.map(({ store, items, bytes, window }) => ({
    store,
    items,
    bytes,
    windowHitRatio: window.hitRatio,
  }));
  return [...history.slice(-(MOST_MOMENTS - 1)), { sampledAt, stores }];
}
