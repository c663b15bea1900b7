import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diversify, fuseRankings, type Ranked } from "./rank-fusion.ts";

const rankings = fc.array(
  fc.record({
    weight: fc.double({ min: 0.1, max: 1, noNaN: true }),
    items: fc
      .uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 })
      .map((ids) => ids.map((id): Ranked => ({ id, documentId: id % 7 }))),
  }),
  { minLength: 1, maxLength: 3 },
);

describe("fuseRankings", () => {
  it("scores from 0 to 1, best first, and gives 1 to what is first everywhere", () => {
    const first = { id: 1, documentId: 1 };
    const [best] = fuseRankings([
      { weight: 0.9, items: [first, { id: 2, documentId: 2 }] },
      { weight: 1, items: [first] },
    ]);
    expect(best).toEqual({ ...first, score: 1 });
    fc.assert(
      fc.property(rankings, (given) => {
        const fused = fuseRankings(given);
        fused.forEach(({ score }, at) => {
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-12);
          expect(score).toBeLessThanOrEqual(fused[at - 1]?.score ?? 2);
        });
      }),
    );
  });

  it("puts what both rankings like before what one likes best", () => {
    const items = (...ids: number[]) => ids.map((id) => ({ id, documentId: id }));
    const fused = fuseRankings([
      { weight: 1, items: items(1, 2, 3) },
      { weight: 1, items: items(4, 2, 5) },
    ]);
    expect(fused[0]?.id).toBe(2);
  });
});

describe("diversify", () => {
  it("gives as many as there are, each once, best first", () => {
    fc.assert(
      fc.property(rankings, fc.integer({ min: 1, max: 50 }), (given, k) => {
        const fused = fuseRankings(given);
        const chosen = diversify(fused, k);
        expect(chosen).toHaveLength(Math.min(k, fused.length));
        expect(new Set(chosen.map(({ id }) => id)).size).toBe(chosen.length);
        chosen.slice(1).forEach(({ score }, at) => {
          expect(score).toBeLessThanOrEqual((chosen[at]?.score ?? 0) + 1e-12);
        });
      }),
    );
  });

  it("lets another document in before the third passage of one, and still fills the answer from one alone", () => {
    const fused = [0.9, 0.85, 0.8, 0.7].map((score, at) => ({ id: at, documentId: at < 3 ? 1 : 2, score }));
    expect(diversify(fused, 2).map(({ id }) => id)).toEqual([0, 3]);
    expect(diversify(fused.slice(0, 3), 3).map(({ id }) => id)).toEqual([0, 1, 2]);
  });
});
