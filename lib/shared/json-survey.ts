/** Deeper than any honest body; recursion over a parsed value stays far from the stack's end. */
export const MAX_JSON_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

// What a byte is part of. Nearly all of a body is neither structure nor number.
const STRUCTURE = 1;
const NUMBER = 2;
/** Beside NUMBER: a digit that is not 0, and the letter of an exponent. */
const [COUNTS, EXPONENT] = [4, 8];
const KIND = new Uint8Array(256);
for (const byte of [QUOTE, COLON, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE]) KIND[byte] = STRUCTURE;
for (const character of "0+-.") KIND[character.charCodeAt(0)] = NUMBER;
for (const character of "123456789") KIND[character.charCodeAt(0)] = NUMBER | COUNTS;
// Words have an e too, but begin with another letter.
for (const character of "eE") KIND[character.charCodeAt(0)] = EXPONENT;

/** A number of no more characters is exact: a double holds any 15 digits. */
const SURELY_EXACT = 15;
/** What the bytes of a JSON text tell before it is parsed. */
export interface JsonSurvey {
  /** Colons outside of strings: as many as keys. */
  keys: number;
  /** A number may be one that a double does not hold exactly. */
  doubtful: boolean;
  /** Deeper than MAX_JSON_DEPTH; the rest was not looked at. */
  deep: boolean;
}

/** One pass over a JSON text, which need not be valid. O(n) time, and nothing is made. */
export function surveyJson(bytes: Uint8Array): JsonSurvey {
  let depth = 0;
  let keys = 0;
  let doubtful = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const kind = KIND[byte] ?? 0;
    if (kind === 0) continue;
    if ((kind & NUMBER) !== 0) {
      const start = at;
      let seen = 0;
      let next = kind;
      for (; (next & (NUMBER | EXPONENT)) !== 0; next = KIND[bytes[++at] ?? 0] ?? 0) seen |= next;
      if (at - start > SURELY_EXACT || (seen & EXPONENT) !== 0 || (byte === MINUS && (seen & COUNTS) === 0))
        doubtful = true;
      at--;
    } else if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === COLON) keys += 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return { keys, doubtful, deep: true };
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return { keys, doubtful, deep: false };
}

/** The index of the quote that ends the string which starts at `start`, or the end of the text. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return bytes.length;
}

/** Keys of all objects of a parsed value: fewer than its text has where one was repeated. */
export function keysIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) {
    let sum = 0;
    for (let i = 0; i < value.length; i++) if (typeof value[i] === "object") sum += keysIn(value[i]);
    return sum;
  }
  const entries = Object.values(value);
  let sum = entries.length;
  for (const item of entries) if (typeof item === "object") sum += keysIn(item);
  return sum;
}
