import fc from "fast-check";
import { expect, it } from "vitest";
import { FreeSlots } from "./free-slots.ts";
import { grown } from "./grown.ts";

it("hands out each slot to one owner at a time, before and after its column has grown, and -1 when none is left", () => {
  const step = fc.record({ kind: fc.constantFrom("take", "give", "grow"), pick: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      let links = new Uint32Array(2);
      const free = new FreeSlots(links);
      const taken: number[] = [];
      for (const { kind, pick } of steps) {
        if (kind === "take") {
          const isEmpty = free.isEmpty;
          const slot = free.take();
          expect([slot < 0, taken.length === links.length]).toEqual([isEmpty, isEmpty]);
          expect(taken).not.toContain(slot);
          if (slot >= 0) taken.push(slot);
          // The owner writes its own values where the chain of free slots stands.
          if (slot >= 0) links[slot] = pick;
        } else if (kind === "give" && taken.length > 0) {
          free.give(taken.splice(pick % taken.length, 1)[0] ?? -1);
        } else if (kind === "grow") {
          links = grown(links, links.length + pick);
          free.grow(links);
        }
        expect(free.top).toBeLessThanOrEqual(links.length);
      }
    }),
  );
});
