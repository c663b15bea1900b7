import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeVector, dotWithCode, encodeVector, normalize } from "./vector-code.ts";

const vectors = fc
  .array(fc.float({ min: -1, max: 1, noNaN: true, noDefaultInfinity: true }), { minLength: 384, maxLength: 384 })
  .filter((values) => values.some((value) => Math.abs(value) > 1e-3))
  .map((values) => normalize(Float32Array.from(values)));

describe("vector codes", () => {
  it("take 4 + 2 bytes a dimension and keep the dot product to 1e-4", () => {
    fc.assert(
      fc.property(vectors, vectors, (a, b) => {
        const code = encodeVector(a);
        expect(code).toHaveLength(4 + 2 * a.length);
        const exact = a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
        expect(Math.abs(dotWithCode(b, code) - exact)).toBeLessThan(1e-4);
        expect(
          Math.abs(decodeVector(code).reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0) - exact),
        ).toBeLessThan(1e-4);
      }),
      { numRuns: 50 },
    );
  });

  it("say the same wherever their bytes stand, and of a vector of any length", () => {
    fc.assert(
      fc.property(
        vectors,
        fc.nat(9),
        fc.float({ min: Math.fround(0.01), max: 100, noNaN: true }),
        (vector, offset, length) => {
          const code = encodeVector(vector);
          const moved = new Uint8Array(code.length + offset);
          moved.set(code, offset);
          expect(decodeVector(moved.subarray(offset))).toEqual(decodeVector(code));
          const longer = decodeVector(encodeVector(vector.map((value) => value * length)));
          for (const [at, value] of decodeVector(code).entries()) expect(longer[at]).toBeCloseTo(value, 4);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("refuse a vector without direction", () => {
    expect(() => normalize(new Float32Array(4))).toThrow(RangeError);
    expect(() => encodeVector(new Float32Array(4))).toThrow(RangeError);
    expect(() => encodeVector(Float32Array.of(Number.NaN, 1))).toThrow(RangeError);
  });
});
