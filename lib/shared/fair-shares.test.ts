import fc from "fast-check";
import { expect, it } from "vitest";
import { greediest } from "./fair-shares.ts";

const PLACES = 12;
const NAMES = ["a", "b", "c", "d"];

it("keeps the bound, lets everyone have a share, and never takes from who has no more than the asker", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...NAMES), { maxLength: 200 }), (askers) => {
      const held = new Map<string, number>();
      const count = (name: string) => held.get(name) ?? 0;
      for (const asker of askers) {
        const total = NAMES.reduce((sum, name) => sum + count(name), 0);
        if (total === PLACES) {
          const giver = greediest(held, asker);
          if (giver === null) {
            // Refused: nobody has two more than the asker.
            expect(Math.max(...NAMES.map(count))).toBeLessThanOrEqual(count(asker) + 1);
            continue;
          }
          expect(count(giver)).toBeGreaterThan(count(asker) + 1);
          held.set(giver, count(giver) - 1);
        }
        held.set(asker, count(asker) + 1);
        expect(NAMES.reduce((sum, name) => sum + count(name), 0)).toBeLessThanOrEqual(PLACES);
      }
    }),
  );
});

it("refuses who holds most already, and everyone when all hold the same", () => {
  expect(greediest(new Map([["a", 64]]), "a")).toBeNull();
  expect(greediest(new Map([["a", 64]]), "b")).toBe("a");
  expect(greediest(new Map(NAMES.map((name) => [name, 1])), "e")).toBeNull();
});
