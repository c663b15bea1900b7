/** One JSON document. */
import { DEEP, EVENTS, ODD_NUMBER, INPUT, MAX_DEPTH } from "./layout.as";
import {
  above,
  digitBits,
  equal,
  escapedBits,
  escapesNext,
  hasLongRun,
  isDigit,
  mayBeNegativeZero,
  prefixXor,
  runAtEnd,
} from "./masks.as";

// What is known where the window ended.
let string: u64 = 0;
let escapedFirst: u64 = 0;
let depth: i32 = 0;
let marks: u32 = 0;
let previousByte: u32 = 32;
let brokenAt: u32 = 0;

export function resetDocument(startDepth: i32): void {
  string = 0;
  escapedFirst = 0;
  depth = startDepth;
  marks = 0;
  previousByte = 32;
}

/** Position of a line break inside a string, after which nothing can be trusted; the window's length when there is none. */
export function documentBrokenAt(): u32 {
  return brokenAt;
}

/**
 * Scans the window's bytes [from, length). An event is the position of a comma, colon or bracket that belongs to a container nested
 * `shallow` deep or less. A comma or closing bracket carries what is known of the element that it ends.
 *
 * @param once ends at the first comma of a container at `shallow`: before the wanted array's next element, where `resetDocument` is due.
 * @returns the number of events.
 */
export function scanDocument(
  from: u32,
  length: u32,
  shallow: i32,
  once: bool,
): u32 {
  const end = INPUT + length;
  memory.fill(end, 32, 64);
  const backslash = i8x16.splat(92);
  const quote = i8x16.splat(34);
  const newline = i8x16.splat(10);
  const caseBit = i8x16.splat(0x20);
  const opening = i8x16.splat(0x7b);
  const closing = i8x16.splat(0x7d);
  const letterE = i8x16.splat(0x65);
  const minus = i8x16.splat(45);
  const comma = i8x16.splat(44);
  const colon = i8x16.splat(58);
  let event = EVENTS;
  let level = depth;
  // An element that an earlier window began is parsed alone, whatever its numbers.
  let digitsBefore: u32 = 0;
  brokenAt = length;

  for (let p = INPUT + from; p < end; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const slashes = equal(a, b, c, d, backslash);
    let escaped = escapedFirst;
    if (slashes != 0 || escaped != 0) {
      escaped = escapedBits(slashes, escapedFirst);
      escapedFirst = escapesNext(slashes, escapedFirst);
      if (p + 64 > end) escapedFirst = (escaped >> (end - p)) & 1;
    }
    const quotes = equal(a, b, c, d, quote) & ~escaped;
    const inside = prefixXor(quotes) ^ string;
    const breaks = equal(a, b, c, d, newline);
    const a2 = v128.or(a, caseBit);
    const b2 = v128.or(b, caseBit);
    const c2 = v128.or(c, caseBit);
    const d2 = v128.or(d, caseBit);
    const opens = equal(a2, b2, c2, d2, opening) & ~inside;
    const closes = equal(a2, b2, c2, d2, closing) & ~inside;
    const brackets = opens | closes;
    let separators: u64 = 0;
    if (level <= shallow || closes != 0)
      separators = (equal(a, b, c, d, comma) | equal(a, b, c, d, colon)) & ~inside;
    // What is suspected of a block is suspected of each element that has a part in it.
    let suspicion: u32 = 0;
    const digits = digitBits(a, b, c, d) & ~inside;
    if (hasLongRun(digits, digitsBefore)) suspicion = ODD_NUMBER;
    digitsBefore = runAtEnd(digits);
    const torn = breaks & inside;
    if (torn != 0 && brokenAt == length) brokenAt = p + <u32>ctz(torn) - INPUT;

    let doubtful = (equal(a2, b2, c2, d2, letterE) | equal(a, b, c, d, minus)) & ~inside;
    while (doubtful != 0) {
      const at = p + <u32>ctz(doubtful);
      doubtful &= doubtful - 1;
      const before: u32 = at > INPUT ? <u32>load<u8>(at - 1) : previousByte;
      if (load<u8>(at) == 45 ? mayBeNegativeZero(at, end) : isDigit(before) || before == 46) suspicion = ODD_NUMBER;
    }
    marks |= suspicion;

    let todo: u64 = ~0;
    while (true) {
      const wanted = level <= shallow ? brackets | separators : brackets;
      const pick = wanted & todo;
      if (pick == 0) break;
      const bit = ctz(pick);
      const one = <u64>1 << bit;
      const at = p + <u32>bit;
      todo = above(bit);
      if ((opens & one) != 0) {
        if (level < shallow) {
          store<u32>(event, at - INPUT);
          event += 4;
        }
        level++;
        if (level > shallow + MAX_DEPTH) marks |= DEEP;
      } else if ((closes & one) != 0) {
        level--;
        if (level < shallow) {
          store<u32>(event, (at - INPUT) | marks);
          event += 4;
          marks = suspicion;
        }
      } else {
        store<u32>(event, (at - INPUT) | marks);
        event += 4;
        marks = suspicion;
        if (once && level == shallow && brokenAt == length && load<u8>(at) == 44) return (event - EVENTS) >> 2;
      }
      if (level < 0) break;
    }
    string = p + 64 > end ? ((inside >> (end - p - 1)) & 1 ? ~0 : 0) : ((<i64>inside >> 63) as u64);
    if (level < 0) break;
  }
  depth = level;
  if (length > 0) previousByte = load<u8>(end - 1);
  return (event - EVENTS) >> 2;
}
