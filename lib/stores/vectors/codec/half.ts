/** The largest finite IEEE half; what is larger has no place in a float16. */
export const LARGEST_HALF = 65_504;
/** Half of the smallest IEEE half: this and what is smaller rounds to zero. */
export const ROUNDS_TO_ZERO = 2 ** -25;

/** Adding this and taking it off again rounds a smaller number to a whole one, ties to even. */
const WHOLE = 2 ** 52;
/** The distance between neighbours by the five bits of the exponent. */
const STEPS = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (Math.max(1, exponent) - 25));

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

/** The IEEE half nearest to `value`, as its 16 bits; ties go to the even one. `value` is at most LARGEST_HALF in size. */
export function halfBits(value: number): number {
  number[0] = value;
  const high = words[1] ?? 0;
  const exponent = Math.max(1, ((high >>> 20) & 0x7ff) - 1_023 + 15);
  const steps = Math.abs(value) / (STEPS[exponent] ?? 1) + WHOLE - WHOLE;
  // Of a normal number the first of its eleven bits is the exponent's last; rounding up to 2,048 steps carries into it rightly.
  return ((high >>> 31) << 15) | (((exponent - 1) << 10) + steps);
}

/** The number that 16 bits of a half stand for. */
export function fromHalfBits(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const steps = (bits & 1_023) + (exponent === 0 ? 0 : 1_024);
  const size = steps * (STEPS[exponent] ?? 0);
  return (bits & 0x8000) === 0 ? size : -size;
}
