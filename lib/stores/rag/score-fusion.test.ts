import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diversify, sumScores } from "./score-fusion.ts";

const rankings = fc.array(
  fc.record({
    weight: fc.double({ min: 0.1, max: 2, noNaN: true }),
    items: fc
      .uniqueArray(
        fc.record({ id: fc.integer({ min: 0, max: 60 }), score: fc.double({ min: -1, max: 30, noNaN: true }) }),
        {
          maxLength: 40,
          selector: ({ id }) => id,
        },
      )
      .map((items) => items.map(({ id, score }) => ({ id, documentId: id % 7, score }))),
  }),
  { minLength: 1, maxLength: 3 },
);

describe("sumScores", () => {
  it("scores at most 1, best first, names each once, and gives 1 to what is best in all", () => {
    const best = { id: 1, documentId: 1 };
    const [first] = sumScores([
      {
        weight: 1.5,
        items: [
          { ...best, score: 0.4 },
          { id: 2, documentId: 2, score: 0.1 },
        ],
      },
      { weight: 1, items: [{ ...best, score: 17 }] },
    ]);
    expect(first).toEqual({ ...best, score: 1 });
    fc.assert(
      fc.property(rankings, (given) => {
        const fused = sumScores(given);
        expect(new Set(fused.map(({ id }) => id)).size).toBe(fused.length);
        fused.forEach(({ score }, at) => {
          expect(score).toBeLessThanOrEqual(1 + 1e-12);
          expect(score).toBeLessThanOrEqual(fused[at - 1]?.score ?? 2);
        });
      }),
    );
  });

  it("does not depend on the scale of a score, nor on the order of its items", () => {
    fc.assert(
      fc.property(rankings, (given) => {
        const other = given.map(({ weight, items }) => ({
          weight,
          items: [...items].reverse().map((item) => ({ ...item, score: item.score * 8 })),
        }));
        const scores = new Map(sumScores(other).map(({ id, score }) => [id, score]));
        for (const { id, score } of sumScores(given)) expect(scores.get(id)).toBeCloseTo(score, 9);
      }),
    );
  });

  it("keeps a clear winner by words first, though meaning ranks it third by a little", () => {
    const items = (...scores: number[]) => scores.map((score, at) => ({ id: at, documentId: at, score }));
    expect(
      sumScores([
        { weight: 1.5, items: items(0.5, 0.49, 0.48) },
        { weight: 1, items: items(1, 1, 9) },
      ])[0]?.id,
    ).toBe(2);
  });
});

describe("diversify", () => {
  it("gives as many as there are, each once, best first", () => {
    fc.assert(
      fc.property(rankings, fc.integer({ min: 1, max: 50 }), (given, k) => {
        const fused = sumScores(given).filter(({ score }) => score > 0);
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
