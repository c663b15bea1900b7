import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool } from "./buffer-pool.ts";
import { MIB } from "./bytes.ts";

describe("BufferPool", () => {
  it("holds at most what it may after each of any takes and gives, and what it hands out is large enough and nobody else's", () => {
    const operation = fc.record({ take: fc.boolean(), bytes: fc.integer({ min: 1, max: 3 * MIB }), at: fc.nat() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const pool = new BufferPool(2 * MIB);
        const out: ArrayBuffer[] = [];
        for (const { take, bytes, at } of operations) {
          if (take) {
            const buffer = pool.acquire(bytes);
            expect(buffer.byteLength).toBeGreaterThanOrEqual(bytes);
            expect(out).not.toContain(buffer);
            out.push(buffer);
          } else {
            const [buffer] = out.splice(at % Math.max(1, out.length), 1);
            if (buffer) pool.release(buffer);
          }
          expect(pool.heldBytes).toBeLessThanOrEqual(2 * MIB);
          expect(pool.heldBytes).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("hands the same buffer out again for what fits into it", () => {
    const pool = new BufferPool(2 * MIB);
    const first = pool.acquire(100_000);
    pool.release(first);
    expect(pool.acquire(90_000)).toBe(first);
    expect(pool.heldBytes).toBe(0);
  });
});
