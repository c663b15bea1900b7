import fc from "fast-check";
import { expect, it } from "vitest";
import { Owners } from "./owners.ts";

const change = fc.record({ name: fc.constantFrom("a", "b", "c", "d"), items: fc.nat(9), bytes: fc.nat(999) });

it("keeps those alone that hold something, and finds somebody beyond the share whenever somebody asks", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.constantFrom("a", "e"), (changes, asker) => {
      const owners = new Owners();
      const held = new Map<string, { items: number; bytes: number }>();
      for (const { name, items, bytes } of changes) {
        const before = held.get(name) ?? { items: 0, bytes: 0 };
        held.set(name, { items, bytes });
        owners.add(owners.of(name), items - before.items, bytes - before.bytes);
      }
      const holding = [...held].filter(([, { items, bytes }]) => items > 0 || bytes > 0);
      expect(owners.count).toBe(holding.length);
      for (const [name, { items, bytes }] of holding) expect(owners.of(name)).toEqual({ name, items, bytes });
      const owner = owners.of(asker);
      const ask = { owner, measure: "items", more: 1 } as const;
      const all = [...new Set([...holding.map(([name]) => owners.of(name)), owner])];
      expect(all.some((one) => owners.isBeyondShare(one, ask))).toBe(true);
    }),
  );
});
