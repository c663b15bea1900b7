import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Scanner, WINDOW_BYTES } from "./scanner.ts";

describe("Scanner", () => {
  it("counts the line breaks between any two places of a window", () => {
    const scanner = new Scanner();
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), fc.integer({ min: 1, max: 9 }), (a, b, every) => {
        const bytes = Buffer.alloc(20_000, "x").map((_, at) => (at % every === 0 ? 10 : 120));
        scanner.load(bytes);
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        expect(scanner.countBreaks(from, to)).toBe(bytes.subarray(from, to).filter((byte) => byte === 10).length);
      }),
      { numRuns: 200 },
    );
    scanner.load(Buffer.alloc(WINDOW_BYTES, 10));
    expect(scanner.countBreaks(0, WINDOW_BYTES)).toBe(WINDOW_BYTES);
  });
});
