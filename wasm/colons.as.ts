/** Counts the colons outside of strings: a key each. */
import { equal, escapedBits, escapesNext, prefixXor } from "./masks.as";

/** Colons in the JSON from address `from` to `to`, where no string begins before it. */
export function countColons(from: u32, to: u32): u32 {
  const backslash = i8x16.splat(92);
  const quote = i8x16.splat(34);
  const colon = i8x16.splat(58);
  let string: u64 = 0;
  let escapedFirst: u64 = 0;
  let count: u64 = 0;
  for (let p = from; p < to; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const slashes = equal(a, b, c, d, backslash);
    let escaped = escapedFirst;
    if (slashes != 0 || escaped != 0) {
      escaped = escapedBits(slashes, escapedFirst);
      escapedFirst = escapesNext(slashes, escapedFirst);
    }
    const inside = prefixXor(equal(a, b, c, d, quote) & ~escaped) ^ string;
    let colons = equal(a, b, c, d, colon) & ~inside;
    if (p + 64 > to) colons &= (<u64>1 << (to - p)) - 1;
    count += popcnt(colons);
    string = (<i64>inside >> 63) as u64;
  }
  return <u32>count;
}
