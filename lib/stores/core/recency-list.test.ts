import fc from "fast-check";
import { expect, it } from "vitest";
import { RecencyList } from "./recency-list.ts";

function order(list: RecencyList): number[] {
  const slots: number[] = [];
  for (let slot = list.oldest; slot >= 0; slot = list.newerThan(slot)) slots.push(slot);
  return slots;
}

it("keeps the order of an array from which each touched slot is moved to the end", () => {
  const step = fc.record({ kind: fc.constantFrom("touch", "remove"), slot: fc.nat(11) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const list = new RecencyList(4);
      list.grow(12);
      let model: number[] = [];
      for (const { kind, slot } of steps) {
        model = model.filter((other) => other !== slot);
        if (kind === "touch") {
          list.touch(slot);
          model.push(slot);
        } else list.remove(slot);
        expect(order(list)).toEqual(model);
        expect([list.length, list.oldest, list.has(slot)]).toEqual([model.length, model[0] ?? -1, kind === "touch"]);
      }
    }),
  );
});
