/** Reads JSON values onto a tape, at OUTPUT: what `shape.as.ts` finds between the literals of a shape. */
import { INPUT, MAX_DEPTH, OUTPUT, OUTPUT_END } from "./layout.as";
import { hugeExponent, isDigit } from "./masks.as";

// What a value is. An entry of the tape: u32 begin | kind << 24, u32 end, f64.
const STRING: u32 = 0;
/** The f64 is its value. */
const NUMBER: u32 = 1;
const TRUE: u32 = 2;
const FALSE: u32 = 3;
const NULL: u32 = 4;
/** A string with bytes beyond ASCII. */
const WIDE: u32 = 5;
/** A number whose value is not had exactly by one multiplication or division. */
const LONG: u32 = 6;
/** Its elements follow; the u32 at 4 is how many. */
const ARRAY: u32 = 7;
/** JSON to be parsed by itself: a string with escapes, or what is nested. */
const NESTED: u32 = 8;
/** As NUMBER, but perhaps written with another value: -0, or 16 digits and a power of ten. */
const DOUBTFUL: u32 = 9;
const ENTRY: u32 = 16;

/** The words as they lie in memory; of "false" the first four letters. */
export const TRUE_TEXT: u32 = 0x65757274;
export const NULL_TEXT: u32 = 0x6c6c756e;
export const FALSE_TEXT: u32 = 0x736c6166;

/** Those that a double holds exactly, so that a multiplication by one rounds once (Clinger 1990). */
const POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
const EXACT: u64 = 1 << 53;
/** A double tells any two numbers of 15 digits apart. */
const SURE: u64 = 1000000000000000;

/** Left of the tape when a record or an element begins: more than the values of any shape. */
const ROOM: u32 = 512 * ENTRY;
/** Levels that are left for what is nested in a value: shapes have the rest. */
const NESTED_DEPTH: i32 = MAX_DEPTH - 16;

let tape: u32 = OUTPUT;
/** What counts as space beside blanks and returns: a line break within a document, nothing between lines. */
let lineBreak: u32 = 10;

@inline
function put(kind: u32, start: u32, end: u32): void {
  store<u32>(tape, (start - INPUT) | (kind << 24));
  store<u32>(tape, end - INPUT, 4);
  tape += ENTRY;
}

/** Begins a tape. @param breaks whether a line break is space, as within a document. */
export function beginTape(breaks: bool): void {
  tape = OUTPUT;
  lineBreak = breaks ? 10 : 32;
}

@inline
export function tapeEnd(): u32 {
  return tape;
}

/** Forgets what is on the tape from `to` on. */
@inline
export function cutTape(to: u32): void {
  tape = to;
}

@inline
export function tapeHasRoom(): bool {
  return tape + ROOM <= OUTPUT_END;
}

@inline
export function skipSpace(from: u32, end: u32): u32 {
  let p = from;
  while (p < end) {
    const byte: u32 = load<u8>(p);
    if (byte != 32 && byte != lineBreak && byte != 13 && byte != 9) break;
    p++;
  }
  return p;
}

/** Each of the readers returns where its value ends, or 0 when there is none of its kind. */
export function readValue(p: u32, end: u32): u32 {
  if (p >= end) return 0;
  const byte: u32 = load<u8>(p);
  if (byte == 91) return readArray(p, end);
  if (byte == 123) return readNested(p, end);
  return readScalar(p, end, byte);
}

@inline
function readScalar(p: u32, end: u32, byte: u32): u32 {
  if (byte == 34) return readString(p, end);
  if (byte == 45 || isDigit(byte)) return readNumber(p, end);
  const word = load<u32>(p);
  if (word == TRUE_TEXT) return readWord(TRUE, p, p + 4, end);
  if (word == NULL_TEXT) return readWord(NULL, p, p + 4, end);
  if (word == FALSE_TEXT && load<u8>(p + 4) == 101) return readWord(FALSE, p, p + 5, end);
  return 0;
}

function readWord(kind: u32, p: u32, after: u32, end: u32): u32 {
  if (after > end) return 0;
  put(kind, p, after);
  return after;
}

function readString(p: u32, end: u32): u32 {
  let wide: i32 = 0;
  let q = p + 1;
  while (q < end) {
    const bytes = v128.load(q);
    const controls = i8x16.le_u(bytes, i8x16.splat(31));
    const ends = v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92)));
    const stops = i8x16.bitmask(v128.or(controls, ends));
    const high = i8x16.bitmask(bytes);
    if (stops == 0) {
      wide |= high;
      q += 16;
      continue;
    }
    const bit = ctz(stops);
    wide |= high & ((1 << bit) - 1);
    q += bit;
    break;
  }
  if (q >= end) return 0;
  const byte: u32 = load<u8>(q);
  if (byte == 34) {
    put(wide == 0 ? STRING : WIDE, p + 1, q);
    return q + 1;
  }
  // What the escapes stand for, and whether they are right, JSON.parse knows.
  const after = byte == 92 ? afterString(q, end) : 0;
  if (after != 0) put(NESTED, p, after);
  return after;
}

/** Where the string that `p` is within ends; 0 when it does not: a line break, as any control character, is in no string. */
function afterString(p: u32, end: u32): u32 {
  let q = p;
  while (q < end) {
    const bytes = v128.load(q);
    const ends = v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92)));
    const stops = i8x16.bitmask(v128.or(ends, i8x16.le_u(bytes, i8x16.splat(31))));
    if (stops == 0) {
      q += 16;
      continue;
    }
    q += ctz(stops);
    if (q >= end) return 0;
    const byte: u32 = load<u8>(q);
    if (byte == 34) return q + 1;
    if (byte != 92 || load<u8>(q + 1) < 32) return 0;
    q += 2;
  }
  return 0;
}

function readNumber(p: u32, end: u32): u32 {
  const negative = load<u8>(p) == 45;
  const first = negative ? p + 1 : p;
  let q = first;
  let digits: u64 = 0;
  while (isDigit(load<u8>(q))) digits = digits * 10 + (load<u8>(q++) - 48);
  if (q == first || (q > first + 1 && load<u8>(first) == 48)) return 0;
  let exponent: i32 = 0;
  if (load<u8>(q) == 46) {
    const point = ++q;
    while (isDigit(load<u8>(q))) digits = digits * 10 + (load<u8>(q++) - 48);
    if (q == point) return 0;
    exponent = point - q;
  }
  // More digits (a point counts as one) might have overflowed.
  const long = q - first > 19;
  if ((load<u8>(q) | 32) == 101) {
    q++;
    const sign: u32 = load<u8>(q);
    if (sign == 43 || sign == 45) q++;
    const start = q;
    let power: i32 = 0;
    while (isDigit(load<u8>(q))) power = min(power * 10 + (load<u8>(q++) - 48), 9999);
    if (q == start) return 0;
    exponent += sign == 45 ? -power : power;
  }
  // Perhaps too large for a double: that is for others to find out.
  if (q > end || q - first > 200 || exponent > 99) return 0;
  if (long || digits > EXACT || exponent < -22 || exponent > 22) {
    put(LONG, p, q);
    return q;
  }
  const value = exponent < 0 ? <f64>digits / unchecked(POWERS[-exponent]) : <f64>digits * unchecked(POWERS[exponent]);
  const doubtful = (digits > SURE && exponent != 0) || (negative && digits == 0);
  put(doubtful ? DOUBTFUL : NUMBER, p, q);
  store<f64>(tape - 8, negative ? -value : value);
  return q;
}

/** A list of strings, numbers and words; with other elements, or with numbers that JavaScript must read, it is left to JSON.parse. */
function readArray(p: u32, end: u32): u32 {
  const head = tape;
  tape += ENTRY;
  let count: u32 = 0;
  let q = skipSpace(p + 1, end);
  if (q < end && load<u8>(q) == 93) q++;
  else {
    for (; ; q = skipSpace(q + 1, end)) {
      if (q >= end || !tapeHasRoom()) return 0;
      const byte: u32 = load<u8>(q);
      const nested = byte == 91 || byte == 123;
      if (!nested) q = readScalar(q, end, byte);
      if (nested || (q != 0 && load<u8>(tape - ENTRY + 3) == LONG)) {
        tape = head;
        return readNested(p, end);
      }
      if (q == 0) return 0;
      count++;
      q = skipSpace(q, end);
      if (q >= end) return 0;
      const separator: u32 = load<u8>(q);
      if (separator == 93) {
        q++;
        break;
      }
      if (separator != 44) return 0;
    }
  }
  store<u32>(head, (p - INPUT) | (ARRAY << 24));
  store<u32>(head, count, 4);
  return q;
}

/** Whatever stands between brackets that balance; none that is deep, or that may hold a number too large for a double. */
export function readNested(p: u32, end: u32): u32 {
  let depth = 0;
  let digits = 0;
  let q = p;
  while (q < end) {
    const bytes = v128.load(q);
    const folded = v128.or(bytes, i8x16.splat(32));
    const brackets = v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d)));
    const others = v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(10)));
    const exponents = i8x16.eq(folded, i8x16.splat(0x65));
    const doubtful = v128.or(i8x16.eq(bytes, i8x16.splat(92)), exponents);
    const stops = i8x16.bitmask(v128.or(v128.or(brackets, others), doubtful));
    if (stops == 0) {
      const onlyDigits = v128.all_true<u8>(i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(48)), i8x16.splat(10)));
      digits = onlyDigits ? digits + 1 : 0;
      if (digits > 12) return 0;
      q += 16;
      continue;
    }
    digits = 0;
    q += ctz(stops);
    if (q >= end) return 0;
    const byte: u32 = load<u8>(q++);
    if (byte == 34) {
      q = afterString(q, end);
      if (q == 0) return 0;
    } else if (byte == 92) return 0;
    else if (byte == 10) {
      if (lineBreak != 10) return 0;
    } else if ((byte | 32) == 0x65) {
      if (hugeExponent(q - 1, end, load<u8>(q - 2))) return 0;
    } else if ((byte | 32) == 0x7b) {
      if (++depth > NESTED_DEPTH) return 0;
    } else if (--depth == 0) {
      put(NESTED, p, q);
      return q;
    }
  }
  return 0;
}
