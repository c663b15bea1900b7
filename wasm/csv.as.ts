/** Rows of CSV (RFC 4180). */
import { EVENTS, HAS_BREAK, HAS_QUOTE, INPUT, NOT_ASCII, OUTPUT, QUOTE_WITHIN, ROW_END } from "./layout.as";
import { above, bits, equal, prefixXor } from "./masks.as";

let rows: u32 = 0;
let violated: bool = false;

/** Whole rows in the window that was scanned last; the u32 at OUTPUT + 4i is the byte position of row i's line break. */
export function csvRows(): u32 {
  return rows;
}

/** True when the last scan stopped before the window's end, at quotes that break the rules. */
export function csvViolated(): bool {
  return violated;
}

@inline
function endsField(byte: u32, delimiter: u32): bool {
  return byte == delimiter || byte == 10 || byte == 13 || byte == 34;
}

/**
 * The window begins at a row's first byte. An event is the position of a delimiter or line break outside of quotes, with what is
 * in the field that it ends: quotes, more of them than two, a line break, and, if `wide` asks for it, a byte beyond ASCII.
 *
 * @returns the number of events, those of the last, unfinished row included.
 */
export function scanCsv(length: u32, delimiter: u32, wide: bool): u32 {
  const end = INPUT + length;
  memory.fill(end, 32, 64);
  const quote = i8x16.splat(34);
  const newline = i8x16.splat(10);
  const carriage = i8x16.splat(13);
  const between = i8x16.splat(<i8>delimiter);
  let event = EVENTS;
  let string: u64 = 0;
  // Bit 0: the byte before this block lets a quote open a field.
  let beforeOpens: u64 = 1;
  // What earlier blocks hold of the field that goes on.
  let marks: u32 = 0;
  let quoted: i32 = 0;
  rows = 0;
  violated = false;

  for (let p = INPUT; p < end; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const quotes = equal(a, b, c, d, quote);
    const breaks = equal(a, b, c, d, newline);
    const delimiters = equal(a, b, c, d, between);
    const inside = prefixXor(quotes) ^ string;
    let reach: u64 = ~0;
    if (quotes != 0 || beforeOpens == 0 || string != 0) {
      const stops = delimiters | breaks | quotes;
      const opensBadly = quotes & inside & ~((stops << 1) | beforeOpens);
      const next: u32 = p + 64 < end ? load<u8>(p + 64) : 10;
      const follows = ((stops | equal(a, b, c, d, carriage)) >> 1) | (<u64>endsField(next, delimiter) << 63);
      // What follows the window's last byte is not known yet: that row is unfinished anyway.
      const last: u64 = p + 64 >= end ? <u64>1 << (end - p - 1) : 0;
      const closesBadly = quotes & ~inside & ~(follows | last);
      const bad = opensBadly | closesBadly;
      if (bad != 0) {
        violated = true;
        reach = ((<u64>1) << ctz(bad)) - 1;
      }
    }
    beforeOpens = (delimiters | breaks | quotes) >> 63;
    const high: u64 = wide ? bits(a, b, c, d) : 0;
    let pick = (delimiters | breaks) & ~inside & reach;
    if (p + 64 > end) pick &= ((<u64>1) << (end - p)) - 1;
    let field: u64 = ~0;
    while (pick != 0) {
      const bit = ctz(pick);
      const one = <u64>1 << bit;
      pick &= pick - 1;
      const at = p + <u32>bit - INPUT;
      const within = field & (one - 1);
      field = above(bit);
      quoted += <i32>popcnt(quotes & within);
      if (quoted > 0) {
        marks |= quoted > 2 ? HAS_QUOTE | QUOTE_WITHIN : HAS_QUOTE;
        if ((breaks & within) != 0) marks |= HAS_BREAK;
      }
      if ((high & within) != 0) marks |= NOT_ASCII;
      if ((breaks & one) != 0) {
        store<u32>(event, at | marks | ROW_END);
        store<u32>(OUTPUT + rows * 4, at);
        rows++;
      } else store<u32>(event, at | marks);
      event += 4;
      marks = 0;
      quoted = 0;
    }
    if (violated) break;
    quoted += <i32>popcnt(quotes & field);
    if ((breaks & field) != 0) marks |= HAS_BREAK;
    if ((high & field) != 0) marks |= NOT_ASCII;
    string = (<i64>inside >> 63) as u64;
  }
  return (event - EVENTS) >> 2;
}
