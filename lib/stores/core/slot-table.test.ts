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

  it("walks by hash to each entry that stays exactly once, while others come and go and the table grows", () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 80 }), walks: fc.integer({ min: 0, max: 3 }) });
    const hashes = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 81, maxLength: 81 });
    fc.assert(
      fc.property(hashes, fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 9 }), (spread, steps, few) => {
        // Some share a hash, some lie at the table's very end, so that their runs reach over it.
        const hashOf = (key: number) => (key % 5 === 0 ? -1 - (key % 3) : (spread[key % (40 + few)] ?? 0));
        const table = new SlotTable(4, true);
        const slots = new Map<number, number>();
        const free = [0, 1, 2, 3];
        let from: number | null = 0;
        let seen: string[] = [];
        let stayed = new Set<number>();
        for (const { key, walks } of steps) {
          const slot = slots.get(key);
          if (slot !== undefined) {
            table.remove(slot);
            slots.delete(key);
            stayed.delete(key);
            free.push(slot);
          } else {
            if (free.length === 0) {
              const before = table.slots;
              table.grow(before * 2, (at) => table.keys[at] !== undefined);
              for (let at = before; at < before * 2; at += 1) free.push(at);
            }
            const next = free.pop() ?? 0;
            table.add(next, hashOf(key), `k${key}`);
            slots.set(key, next);
          }
          for (let left = walks; left > 0; left -= 1) {
            if (from === 0) stayed = new Set(slots.keys());
            const page = table.walk(from ?? 0, few);
            seen.push(...page.slots.map((at) => table.keys[at] ?? ""));
            from = page.next;
            if (from !== null) continue;
            expect(new Set(seen).size).toBe(seen.length);
            expect([...stayed].filter((id) => !seen.includes(`k${id}`))).toEqual([]);
            seen = [];
            from = 0;
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
