import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withNeighbours } from "./neighbour-scores.ts";

describe("withNeighbours", () => {
  it("puts a message whose neighbour was found too before an equal one that stands alone", () => {
    const found = [
      { id: 1, documentId: 1, score: 0.5 },
      { id: 2, documentId: 2, score: 0.5 },
      { id: 3, documentId: 2, score: 0.3 },
      // Next to the first by number, but of another conversation.
      { id: 4, documentId: 3, score: 0.4 },
    ];
    const ranked = withNeighbours(
      found,
      new Map([
        [1, 7],
        [2, 1],
        [3, 2],
        [4, 8],
      ]),
    );
    expect(ranked.map(({ id }) => id)).toEqual([2, 1, 3, 4]);
  });

  it("keeps scores of 0 to 1 there, names each once, and leaves out what has no place any more", () => {
    const item = fc.record({
      id: fc.nat(60),
      documentId: fc.nat(3),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(item, { selector: ({ id }) => id }), (found) => {
        const places = new Map(found.flatMap(({ id }) => (id % 5 === 0 ? [] : [[id, id] as const])));
        const ranked = withNeighbours(found, places);
        expect(ranked.map(({ id }) => id).sort((a, b) => a - b)).toEqual([...places.keys()].sort((a, b) => a - b));
        for (const { score } of ranked) expect(score).toBeLessThanOrEqual(1);
      }),
    );
  });
});
