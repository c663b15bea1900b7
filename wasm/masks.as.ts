/** Masks over 64 bytes, one bit a byte, as in simdjson's first stage (Langdale and Lemire 2019, https://doi.org/10.1007/s00778-019-00578-5). */

@inline
export function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    (<u64>(<u32>i8x16.bitmask(a))) |
    ((<u64>(<u32>i8x16.bitmask(b))) << 16) |
    ((<u64>(<u32>i8x16.bitmask(c))) << 32) |
    ((<u64>(<u32>i8x16.bitmask(d))) << 48)
  );
}

@inline
export function equal(a: v128, b: v128, c: v128, d: v128, byte: v128): u64 {
  return bits(i8x16.eq(a, byte), i8x16.eq(b, byte), i8x16.eq(c, byte), i8x16.eq(d, byte));
}

/** Bit i is the parity of bits 0…i: between an opening quote and its closing one, all ones. WASM has no carry-less multiplication. */
@inline
export function prefixXor(x: u64): u64 {
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  x ^= x << 32;
  return x;
}

/** What is escaped by backslashes; bit 0 of `first` is set when the last byte before this block escapes its first. */
@inline
export function escapedBits(slashes: u64, first: u64): u64 {
  const live = slashes & ~first;
  const follows = (live << 1) | first;
  const even: u64 = 0x5555555555555555;
  const sum = (live & ~even & ~follows) + live;
  return (even ^ (sum << 1)) & follows;
}

/** `first` of the block after it. */
@inline
export function escapesNext(slashes: u64, first: u64): u64 {
  const live = slashes & ~first;
  const follows = (live << 1) | first;
  const even: u64 = 0x5555555555555555;
  return (live & ~even & ~follows) + live < live ? 1 : 0;
}

/** The bits above `bit`. */
@inline
export function above(bit: u64): u64 {
  return bit == 63 ? 0 : <u64>~0 << (bit + 1);
}

@inline
export function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

/** The bytes of digits and points. A slash counts too: it stands in strings alone. */
@inline
export function digitBits(a: v128, b: v128, c: v128, d: v128): u64 {
  const first = i8x16.splat(46);
  const count = i8x16.splat(12);
  return bits(
    i8x16.lt_u(i8x16.sub(a, first), count),
    i8x16.lt_u(i8x16.sub(b, first), count),
    i8x16.lt_u(i8x16.sub(c, first), count),
    i8x16.lt_u(i8x16.sub(d, first), count),
  );
}

/** Whether a run of 16 or more stands in `mask`, of which `before` end the block before it. */
@inline
export function hasLongRun(mask: u64, before: u32): bool {
  const first = <u32>ctz(~mask);
  if (first != 0 && first + before >= 16) return true;
  let run = mask;
  run &= run >> 1;
  run &= run >> 2;
  run &= run >> 4;
  run &= run >> 8;
  return run != 0;
}

/** How long the run is that ends the block, at most 16. */
@inline
export function runAtEnd(mask: u64): u32 {
  return min(<u32>clz(~mask), 16);
}

/** True when the number behind the minus at `at` is 0, or may be at the window's end. */
export function mayBeNegativeZero(at: u32, end: u32): bool {
  for (let next = at + 1; next < end; next++) {
    const byte: u32 = load<u8>(next);
    if (byte != 48 && byte != 46) return !isDigit(byte);
  }
  return true;
}

/** True when the exponent whose letter is at `at` may have three digits or more: at the window's end, when in doubt. */
export function hugeExponent(at: u32, end: u32, before: u32): bool {
  if (!isDigit(before) && before != 46) return false;
  let next = at + 1;
  if (next < end) {
    const sign: u32 = load<u8>(next);
    if (sign == 45) return false;
    if (sign == 43) next++;
  }
  if (next + 3 > end) return true;
  return isDigit(load<u8>(next)) && isDigit(load<u8>(next + 1)) && isDigit(load<u8>(next + 2));
}

/** True when there is nothing but white space in [from, to). */
export function onlySpace(from: u32, to: u32): bool {
  for (let at = from; at < to; at++) {
    const byte: u32 = load<u8>(at);
    if (byte != 32 && byte != 9 && byte != 13 && byte != 10) return false;
  }
  return true;
}
