/** Lines of JSON. */
import { BLANK, DEEP, EVENTS, ODD_NUMBER, INPUT, IRREGULAR, MAX_DEPTH } from "./layout.as";
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

/**
 * Scans the window's bytes [from, length), which begin a line. An event is the position of a line break, with what is known of the
 * line that it ends. Breaks become commas (those of empty lines spaces), so that a run of regular lines is the inside of a JSON array.
 *
 * @returns the number of events.
 */
export function scanLines(from: u32, length: u32): u32 {
  const end = INPUT + length;
  // Spaces after the end mean nothing to any mask.
  memory.fill(end, 32, 64);
  const backslash = i8x16.splat(92);
  const quote = i8x16.splat(34);
  const newline = i8x16.splat(10);
  const caseBit = i8x16.splat(0x20);
  const opening = i8x16.splat(0x7b);
  const closing = i8x16.splat(0x7d);
  const letterE = i8x16.splat(0x65);
  const minus = i8x16.splat(45);
  let event = EVENTS;
  let lineStart = INPUT + from;
  // What is known of the line that goes on.
  let string: u64 = 0;
  let escapedFirst: u64 = 0;
  let level: i32 = 0;
  let marks: u32 = 0;
  let digitsBefore: u32 = 0;

  for (let p = lineStart; p < end; p += 64) {
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
    const quotes = equal(a, b, c, d, quote) & ~escaped;
    let inside = prefixXor(quotes) ^ string;
    const breaks = equal(a, b, c, d, newline);
    const a2 = v128.or(a, caseBit);
    const b2 = v128.or(b, caseBit);
    const c2 = v128.or(c, caseBit);
    const d2 = v128.or(d, caseBit);
    const opens = equal(a2, b2, c2, d2, opening);
    const brackets = opens | equal(a2, b2, c2, d2, closing);
    // What is suspected of a block is suspected of each line that has a part in it.
    let suspicion: u32 = 0;
    const digits = digitBits(a, b, c, d) & ~inside;
    if (hasLongRun(digits, digitsBefore)) suspicion = ODD_NUMBER;
    digitsBefore = runAtEnd(digits);
    let doubtful = (equal(a2, b2, c2, d2, letterE) | equal(a, b, c, d, minus)) & ~inside;
    while (doubtful != 0) {
      const at = p + <u32>ctz(doubtful);
      doubtful &= doubtful - 1;
      const before: u32 = load<u8>(at - 1);
      if (load<u8>(at) == 45 ? mayBeNegativeZero(at, end) : isDigit(before) || before == 46) suspicion = ODD_NUMBER;
    }
    marks |= suspicion;

    let todo: u64 = ~0;
    while (true) {
      const pick = ((brackets & ~inside) | breaks) & todo;
      if (pick == 0) break;
      const bit = ctz(pick);
      const one = <u64>1 << bit;
      const at = p + <u32>bit;
      todo = above(bit);
      if ((breaks & one) != 0) {
        if ((inside & one) != 0) {
          // No string goes on past a line break: this line is bad, and the next one begins outside of strings.
          marks |= IRREGULAR;
          inside ^= todo;
          // Exponents in the rest of the block were looked for in the wrong places.
          suspicion = ODD_NUMBER;
        }
        if (level != 0) marks |= IRREGULAR;
        const size = at - lineStart;
        if (size == 0 || (size == 1 && load<u8>(lineStart) == 13)) marks |= BLANK;
        store<u8>(at, (marks & BLANK) != 0 ? 32 : 44);
        store<u32>(event, (at - INPUT) | marks);
        event += 4;
        lineStart = at + 1;
        level = 0;
        marks = suspicion;
      } else if ((opens & one) != 0) {
        level++;
        if (level > MAX_DEPTH) marks |= DEEP;
      } else {
        level--;
        if (level < 0) marks |= IRREGULAR;
      }
    }
    string = (<i64>inside >> 63) as u64;
  }
  return (event - EVENTS) >> 2;
}
