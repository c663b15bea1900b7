import fc from "fast-check";
import { expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

it("lets a minute's requests through at once, then one for each that the time earns, and says when", () => {
  const bucket = new TokenBucket(60, 0);
  for (let n = 0; n < 60; n++) expect(bucket.take(0)).toBe(0);
  expect(bucket.take(0)).toBeCloseTo(1_000);
  expect(bucket.take(400)).toBeCloseTo(600);
  expect([bucket.take(1_000), bucket.take(1_000)]).toEqual([0, 1_000]);
});

it("never lets more through in a stretch of time than it holds and that earns, however the requests come", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), gaps, (perMinute, waits) => {
      const bucket = new TokenBucket(perMinute, 0);
      let nowMs = 0;
      let passed = 0;
      for (const wait of waits) {
        nowMs += wait;
        if (bucket.take(nowMs) === 0) passed += 1;
      }
      expect(passed).toBeLessThanOrEqual(perMinute + (nowMs * perMinute) / 60_000 + 1e-6);
    }),
  );
});
