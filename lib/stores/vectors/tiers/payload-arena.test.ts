import fc from "fast-check";
import { expect, it } from "vitest";
import { TestAccount } from "../../../testing/test-account.ts";
import { PayloadArena } from "./payload-arena.ts";

const operation = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      size: fc.integer({ min: 0, max: 16_384 }),
      copies: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("remove" as const),
      at: fc.nat(),
      count: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rename" as const), at: fc.nat() }) },
);

it("keeps every payload readable while entries move, within its account, with garbage below what lives and two chunks", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const account = new TestAccount(2 << 20);
      const entries = new Map<number, { offset: number; id: string; metadata: string | null }>();
      const arena = new PayloadArena(account, (handle, offset) => {
        const entry = entries.get(handle);
        if (!entry) throw new Error(`${handle} moved and is gone`);
        entry.offset = offset;
      });
      let nextHandle = 1;
      const pick = (at: number) => [...entries.keys()][at % entries.size];
      for (const step of operations) {
        if (step.kind === "add") {
          for (let i = 0; i < step.copies; i++) {
            const handle = nextHandle++;
            const payload = { id: `é${handle}`, metadata: step.size === 0 ? null : "m".repeat(step.size) };
            // The entry must be known before it can move; it cannot move before it is known.
            const offset = arena.add(handle, payload);
            if (offset >= 0) entries.set(handle, { offset, ...payload });
            else expect(account.grantedBytes + 65_536).toBeGreaterThan(account.ceilingBytes);
          }
        } else if (step.kind === "remove") {
          for (let i = 0; i < step.count && entries.size > 0; i++) {
            const handle = pick(step.at + i) ?? 0;
            const { offset = 0 } = entries.get(handle) ?? {};
            entries.delete(handle);
            arena.remove(offset);
          }
        } else if (entries.size > 0) {
          const handle = pick(step.at) ?? 0;
          const entry = entries.get(handle);
          if (!entry) continue;
          entries.delete(handle);
          entries.set(nextHandle, entry);
          arena.rename(entry.offset, nextHandle++);
        }
        let live = 0;
        for (const { offset, id, metadata } of entries.values()) {
          expect(arena.id(offset)).toBe(id);
          expect(arena.metadata(offset)).toBe(metadata);
          live += arena.sizeAt(offset);
        }
        expect(arena.bytes).toBe(account.grantedBytes);
        // A chunk may also end with room that the next entry did not fit.
        expect(arena.bytes).toBeLessThanOrEqual(2 * live * (65_536 / (65_536 - 16_650)) + 2 * 65_536);
      }
    }),
    { numRuns: 150 },
  );
});
