/**
 * Reads records of a known shape. Records of one stream mostly have the same keys in the same order with the same spacing, so what
 * stands between two values is a literal that is compared 16 bytes at a time, and only the values are read. A record
 * that matches to its end is valid JSON (of UTF-8, which the caller has checked), nested no deeper than MAX_DEPTH, with numbers
 * that are finite, and its values are on the tape; one that does not says nothing.
 */
import { skipValue } from "./json-skip.as";
import { beginTape, readValue, skipSpace, tapeHasRoom } from "./json-value.as";
import { EVENTS, INPUT, POSITION, SHAPE_STRIDE, SHAPES } from "./layout.as";

/**
 * Reads the records that end at events [first, last), the first of which begins at `start`, as far as they have the shape.
 *
 * @returns how many: their values stand on the tape from OUTPUT on.
 */
export function readElements(shape: u32, first: u32, last: u32, start: u32): u32 {
  const literals = SHAPES + shape * SHAPE_STRIDE;
  let from = INPUT + start;
  let event = first;
  beginTape(true);
  for (; event < last; event++) {
    const end = INPUT + (load<u32>(EVENTS + event * 4) & POSITION);
    const after = readRecord(literals, from, end);
    if (after == 0 || skipSpace(after, end) != end) break;
    from = end + 1;
  }
  return event - first;
}

/**
 * Reads the records from `start` on as far as they have the shape and end, with a `terminator` behind them, within the window of `length`
 * bytes: a line break after lines, within which no break is space; a comma after elements.
 *
 * @returns how many: their ends are the events, their values stand on the tape.
 */
export function readRecords(shape: u32, start: u32, length: u32, terminator: u32): u32 {
  const literals = SHAPES + shape * SHAPE_STRIDE;
  const end = INPUT + length;
  // Whatever the last window left there must end a number or a string, and be no part of a literal.
  memory.fill(end, 32, 64);
  let from = INPUT + start;
  let event = EVENTS;
  beginTape(terminator != 10);
  while (from < end) {
    let after = readRecord(literals, from, end);
    if (after == 0) break;
    after = skipSpace(after, end);
    if (after == end || load<u8>(after) != terminator) break;
    store<u32>(event, after - INPUT);
    event += 4;
    from = after + 1;
  }
  return (event - EVENTS) >> 2;
}

/** Returns where the record ends, or 0 when it has another shape. Behind the window stands nothing that it could run on into unnoticed. */
function readRecord(shape: u32, from: u32, end: u32): u32 {
  if (!tapeHasRoom()) return 0;
  let p = skipSpace(from, end);
  let literal = shape + 16;
  for (let left = load<u32>(shape); ; left--) {
    let at = p;
    p += load<u32>(literal);
    const skip = load<u32>(literal, 4) != 0;
    for (literal += 16; at < p; at += 16, literal += 32) {
      const differs = v128.xor(v128.load(at), v128.load(literal));
      if (v128.any_true(v128.and(differs, v128.load(literal, 16)))) return 0;
    }
    if (left == 0) return p > end ? 0 : p;
    p = skip ? skipValue(p, end) : readValue(p, end);
    if (p == 0) return 0;
  }
  return 0;
}
