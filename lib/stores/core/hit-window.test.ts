import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HitWindow, WINDOW_MS } from "./hit-window.ts";

const BUCKET_MS = 10_000;

describe("HitWindow", () => {
  it("counts what fell into the last 29 whole buckets and the present one, as a list of times would", () => {
    const event = fc.record({ afterMs: fc.integer({ min: 0, max: 90_000 }), hit: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const window = new HitWindow();
        const log: { atMs: number; hit: boolean }[] = [];
        let nowMs = 0;
        for (const { afterMs, hit } of events) {
          nowMs += afterMs;
          log.push({ atMs: nowMs, hit });
          if (hit) window.hit(nowMs);
          else window.miss(nowMs);
          const from = (Math.floor(nowMs / BUCKET_MS) + 1) * BUCKET_MS - WINDOW_MS;
          const recent = log.filter(({ atMs }) => atMs >= from);
          const hits = recent.filter((entry) => entry.hit).length;
          expect(window.window(nowMs)).toEqual({
            hits,
            misses: recent.length - hits,
            hitRatio: hits / recent.length,
          });
          expect(window.hits + window.misses).toBe(log.length);
        }
      }),
    );
  });

  it("has no ratio before the first look-up", () => {
    expect([new HitWindow().hitRatio, new HitWindow().window(5).hitRatio]).toEqual([null, null]);
  });
});
