import { describe, expect, it } from "vitest";
import type { SamplePush } from "../../contracts/events.ts";
import type { StoreMoment } from "../../contracts/memory.ts";
import { appendMoment, MOST_MOMENTS } from "./store-history.ts";

const push = (second: number) =>
  ({ sample: { sampledAt: new Date(second * 1000).toISOString() }, stores: [] }) as unknown as SamplePush;

describe("store history", () => {
  it("never holds more than a chart draws, and keeps the newest", () => {
    let history: readonly StoreMoment[] = [];
    for (let second = 1; second <= 2000; second++) {
      history = appendMoment(history, push(second));
      expect(history.length).toBeLessThanOrEqual(MOST_MOMENTS);
    }
    const ends = [history[0], history.at(-1)].map((moment) => Date.parse(moment?.sampledAt ?? ""));
    expect(ends).toEqual([1_401_000, 2_000_000]);
  });
  it("takes a sample once, also when it is sent again on connecting", () => {
    const once = appendMoment([], push(5));
    expect(appendMoment(once, push(5))).toBe(once);
    expect(appendMoment(once, push(4))).toBe(once);
  });
});
