/**
 * Passes over JSON values that nobody wants. What is checked is their structure, as a scan would see it: where strings end and brackets
 * close, nothing deep, no number that may be infinite; of numbers and words outside of lists also how they are written. An object is
 * none of them: it may have a key twice, which only its parse finds out. Those that a shape knows are no values, but literals.
 */
import { cutTape, FALSE_TEXT, NULL_TEXT, readNested, readValue, TRUE_TEXT, tapeEnd } from "./json-value.as";

/** Of a list, this many blocks of 16 bytes are looked at side by side: too few for digits of a number too large for a double. */
const LIST_BLOCKS: u32 = 16;

/** Returns where the value ends, or 0 when there is none. */
@inline
export function skipValue(p: u32, end: u32): u32 {
  const byte: u32 = load<u8>(p);
  if (byte == 34) return skipString(p, end);
  if (byte == 91) return skipList(p, end);
  if (byte - 48 < 10 || byte == 45) return skipNumber(p, end, byte);
  return skipOther(p, end);
}

/** A word, and by the reader what is neither of these. */
function skipOther(p: u32, end: u32): u32 {
  const word = load<u32>(p);
  if (word == TRUE_TEXT || word == NULL_TEXT) return p + 4;
  if (word == FALSE_TEXT && load<u8>(p + 4) == 101) return p + 5;
  return skipSlowly(p, end);
}

/** The reader's way, without what it leaves on the tape. */
function skipSlowly(p: u32, end: u32): u32 {
  if (load<u8>(p) == 123) return 0;
  const kept = tapeEnd();
  const after = readValue(p, end);
  cutTape(kept);
  return after;
}

@inline
function skipString(p: u32, end: u32): u32 {
  let q = p + 1;
  while (q < end) {
    const bytes = v128.load(q);
    const ends = v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92)));
    const stops = i8x16.bitmask(v128.or(ends, i8x16.le_u(bytes, i8x16.splat(31))));
    if (stops != 0) {
      q += ctz(stops);
      return q < end && load<u8>(q) == 34 ? q + 1 : skipSlowly(p, end);
    }
    q += 16;
  }
  return 0;
}

/** A number of no more than 15 characters and without an exponent, and by the reader any other. */
@inline
function skipNumber(p: u32, end: u32, byte: u32): u32 {
  const first = byte == 45 ? p + 1 : p;
  const digits = i8x16.le_u(i8x16.sub(v128.load(first), i8x16.splat(48)), i8x16.splat(9));
  let others: u32 = <u32>i8x16.bitmask(digits) ^ 0xffff;
  let length: u32 = ctz(others);
  if (others == 0 || length == 0 || (length > 1 && load<u8>(first) == 48)) return skipSlowly(p, end);
  if (load<u8>(first + length) == 46) {
    const point = length;
    others &= others - 1;
    length = ctz(others);
    if (others == 0 || length == point + 1) return skipSlowly(p, end);
  }
  return (load<u8>(first + length) | 32) == 101 ? skipSlowly(p, end) : first + length;
}

/** A list of strings without escapes and of short numbers, on one line; by the reader any other. */
@inline
function skipList(p: u32, end: u32): u32 {
  // All ones within a string.
  let string: u32 = 0;
  const limit = min(end, p + LIST_BLOCKS * 16);
  for (let q = p + 1; q < limit; q += 16) {
    const bytes = v128.load(q);
    const folded = v128.or(bytes, i8x16.splat(32));
    let inside: u32 = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(34)));
    inside ^= inside << 1;
    inside ^= inside << 2;
    inside ^= inside << 4;
    inside = (inside ^ (inside << 8) ^ string) & 0xffff;
    const brackets = v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d)));
    const structure: u32 = i8x16.bitmask(v128.or(brackets, i8x16.eq(folded, i8x16.splat(0x65))));
    const odd: u32 = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(92)), i8x16.le_u(bytes, i8x16.splat(31))));
    const stops = (structure & ~inside) | odd;
    if (stops != 0) {
      const at = q + ctz(stops);
      return at < end && load<u8>(at) == 93 ? at + 1 : readList(p, end);
    }
    string = (inside >> 15) == 0 ? 0 : 0xffff;
  }
  return readList(p, end);
}

function readList(p: u32, end: u32): u32 {
  const kept = tapeEnd();
  const after = readNested(p, end);
  cutTape(kept);
  return mayHoldObject(p, after) ? 0 : after;
}

/** Whether there is a brace that opens, be it in a string. */
function mayHoldObject(p: u32, after: u32): bool {
  for (let q = p; q < after; q++) if (load<u8>(q) == 123) return true;
  return false;
}
