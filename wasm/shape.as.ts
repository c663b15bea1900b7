/**
 * Reads records of a known shape. Records of one stream mostly have the same keys in the same order with the same spacing, so what
 * stands between two values is a literal that is compared 16 bytes at a time, and only the values are read. A record
 * that matches to its end is valid JSON (of UTF-8, which the caller has checked), nested no deeper than MAX_DEPTH, with numbers
 * that are finite, and its values are on the tape; one that does not says nothing.
 */
import { beginTape, cutTape, readValue, skipSpace, tapeEnd, tapeHasRoom } from "./json-value.as";
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
 * Reads the lines from `start` on as far as they have the shape and end within the window of `length` bytes.
 *
 * @returns how many: their ends are the events, their values stand on the tape.
 */
export function readLines(shape: u32, start: u32, length: u32): u32 {
  const literals = SHAPES + shape * SHAPE_STRIDE;
  const end = INPUT + length;
  // Whatever the last window left there must end a number or a string, and be no part of a literal.
  memory.fill(end, 32, 64);
  let from = INPUT + start;
  let event = EVENTS;
  beginTape(false);
  while (from < end) {
    let after = readRecord(literals, from, end);
    if (after == 0) break;
    after = skipSpace(after, end);
    if (after == end || load<u8>(after) != 10) break;
    store<u32>(event, after - INPUT);
    event += 4;
    from = after + 1;
  }
  return (event - EVENTS) >> 2;
}

/** Returns where the record ends, or 0 when it has another shape. */
function readRecord(shape: u32, from: u32, end: u32): u32 {
  if (!tapeHasRoom()) return 0;
  const values = load<u32>(shape);
  let literal = shape + 16;
  let p = skipSpace(from, end);
  for (let value: u32 = 0; value < values; value++) {
    p = afterLiteral(literal, p, end);
    if (p == 0) return 0;
    const kept = tapeEnd();
    p = readValue(p, end);
    if (p == 0) return 0;
    if (load<u32>(literal, 4) != 0) cutTape(kept);
    literal = nextLiteral(literal);
  }
  return afterLiteral(literal, p, end);
}

@inline
function nextLiteral(literal: u32): u32 {
  return literal + 16 + ((load<u32>(literal) + 15) >> 4) * 32;
}

@inline
function afterLiteral(literal: u32, p: u32, end: u32): u32 {
  const length = load<u32>(literal);
  if (p + length > end) return 0;
  let block = literal + 16;
  for (let at: u32 = 0; at < length; at += 16, block += 32) {
    const differs = v128.xor(v128.load(p + at), v128.load(block));
    if (v128.any_true(v128.and(differs, v128.load(block, 16)))) return 0;
  }
  return p + length;
}
