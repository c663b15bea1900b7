import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MIB } from "./bytes.ts";
import { SpareBuffers } from "./spare-buffers.ts";

describe("SpareBuffers", () => {
  it("holds at most what it may after each of any takes and gives, and what it hands out is large enough and nobody else's", () => {
    const operation = fc.record({ take: fc.boolean(), bytes: fc.integer({ min: 1, max: 3 * MIB }), at: fc.nat() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const spares = new SpareBuffers(2 * MIB);
        const out: ArrayBuffer[] = [];
        for (const { take, bytes, at } of operations) {
          if (take) {
            const buffer = spares.take(bytes);
            expect(buffer.byteLength).toBeGreaterThanOrEqual(bytes);
            expect(out).not.toContain(buffer);
            out.push(buffer);
          } else {
            const [buffer] = out.splice(at % Math.max(1, out.length), 1);
            if (buffer) spares.give(buffer);
          }
          expect(spares.heldBytes).toBeLessThanOrEqual(2 * MIB);
          expect(spares.heldBytes).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("hands the same buffer out again for what fits into it", () => {
    const spares = new SpareBuffers(2 * MIB);
    const first = spares.take(100_000);
    spares.give(first);
    expect(spares.take(90_000)).toBe(first);
    expect(spares.heldBytes).toBe(0);
  });
});
