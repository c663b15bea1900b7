import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlotTable } from "./slot-table.ts";

describe("SlotTable", () => {
  it("finds exactly what a Map would, through any adds, removals and growth, with colliding hashes", () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 60 }), grows: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new SlotTable(4, true);
        const slots = new Map<string, number>();
        const free = [0, 1, 2, 3];
        // Few distinct hashes, so that probes run into each other and wrap around.
        const hashOf = (key: number) => (key % 7) - 3;
        for (const { key, grows } of steps) {
          const name = `k${key}`;
          const slot = slots.get(name);
          if (slot !== undefined) {
            table.remove(slot);
            slots.delete(name);
            free.push(slot);
          } else if (free.length > 0) {
            const next = free.pop() ?? 0;
            table.add(next, hashOf(key), name);
            slots.set(name, next);
          } else if (grows) {
            const before = table.slots;
            table.grow(before * 2, (at) => table.keys[at] !== undefined);
            for (let at = before; at < before * 2; at += 1) free.push(at);
          }
          for (let probe = 0; probe <= 60; probe += 1) {
            expect(table.find(hashOf(probe), `k${probe}`)).toBe(slots.get(`k${probe}`) ?? -1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
