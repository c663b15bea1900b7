import { expect, it } from "vitest";
import { fromHalfBits, halfBits, LARGEST_HALF, ROUNDS_TO_ZERO } from "./half.ts";

/** The finite halves from zero up, by the definition of the format. */
const ASCENDING = Array.from({ length: 0x7c00 }, (_, bits) => {
  const [exponent, mantissa] = [bits >> 10, bits & 1_023];
  return exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1_024) * 2 ** (exponent - 15);
});

it("each of the 63,488 finite halves is itself, and back", () => {
  const odd = ASCENDING.flatMap((value, bits) => {
    const forth = halfBits(value) === bits && halfBits(-value) === (bits | 0x8000);
    const back = fromHalfBits(bits) === value && Object.is(fromHalfBits(bits | 0x8000), -value);
    return forth && back ? [] : [value];
  });
  expect(odd).toEqual([]);
  expect(ASCENDING.at(-1)).toBe(LARGEST_HALF);
});

it("between two halves the nearer is taken, and of two as near the even one", () => {
  const odd = ASCENDING.slice(1).flatMap((above, bits) => {
    const middle = ((ASCENDING[bits] ?? 0) + above) / 2;
    const apart = middle * 2 ** -40;
    const even = bits % 2 === 0 ? bits : bits + 1;
    const nearest = halfBits(middle - apart) === bits && halfBits(middle + apart) === bits + 1;
    return nearest && halfBits(middle) === even ? [] : [middle];
  });
  expect(odd).toEqual([]);
  expect([halfBits(ROUNDS_TO_ZERO), halfBits(5e-324), halfBits(-1e-300)]).toEqual([0, 0, 0x8000]);
});
