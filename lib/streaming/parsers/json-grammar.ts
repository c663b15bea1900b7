const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];
/** The bytes of a word, by the one that it begins with. */
const WORDS = new Map(["true", "false", "null"].map((word) => [word.charCodeAt(0), Buffer.from(word)]));
const ESCAPES = Buffer.from('"\\/bfnrt');
/** No value stands there. */
const NONE = -1;

/**
 * Whether JSON.parse would take the text. Its refusal costs some 8 µs, most of which goes into the error: too much for millions of
 * short lines that are only counted.
 *
 * @param bytes valid UTF-8, nested no deeper than `surveyJson` allows.
 */
export function isJson(bytes: Uint8Array): boolean {
  const end = valueEnd(bytes, 0);
  return end !== NONE && skipSpace(bytes, end) === bytes.length;
}

/** Where the value that begins at `start`, or behind white space there, ends; NONE if there is none. */
function valueEnd(bytes: Uint8Array, start: number): number {
  const at = skipSpace(bytes, start);
  const first = bytes[at] ?? 0;
  if (first === QUOTE) return stringEnd(bytes, at);
  if (first === OPEN_BRACE) return listEnd(bytes, at, CLOSE_BRACE, memberEnd);
  if (first === OPEN_BRACKET) return listEnd(bytes, at, CLOSE_BRACKET, valueEnd);
  if (first === MINUS || isDigit(first)) return numberEnd(bytes, at);
  const word = WORDS.get(first);
  return word?.every((byte, index) => bytes[at + index] === byte) ? at + word.length : NONE;
}

function listEnd(bytes: Uint8Array, open: number, close: number, itemEnd: typeof valueEnd): number {
  let at = skipSpace(bytes, open + 1);
  if (bytes[at] === close) return at + 1;
  for (;;) {
    const end = itemEnd(bytes, at);
    if (end === NONE) return NONE;
    at = skipSpace(bytes, end);
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== COMMA) return NONE;
    at++;
  }
}

function memberEnd(bytes: Uint8Array, start: number): number {
  const key = skipSpace(bytes, start);
  const end = bytes[key] === QUOTE ? stringEnd(bytes, key) : NONE;
  if (end === NONE) return NONE;
  const colon = skipSpace(bytes, end);
  return bytes[colon] === COLON ? valueEnd(bytes, colon + 1) : NONE;
}

function stringEnd(bytes: Uint8Array, open: number): number {
  for (let at = open + 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte < 0x20) return NONE;
    if (byte !== BACKSLASH) continue;
    at++;
    if (bytes[at] === 0x75) {
      for (let digit = 1; digit <= 4; digit++) if (!isHex(bytes[at + digit] ?? 0)) return NONE;
      at += 4;
    } else if (!ESCAPES.includes(bytes[at] ?? 0)) return NONE;
  }
  return NONE;
}

function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  const whole = digitsEnd(bytes, at);
  if (whole === at || (bytes[at] === ZERO && whole > at + 1)) return NONE;
  at = whole;
  if (bytes[at] === POINT) {
    const fraction = digitsEnd(bytes, at + 1);
    if (fraction === at + 1) return NONE;
    at = fraction;
  }
  if (((bytes[at] ?? 0) | 0x20) !== 0x65) return at;
  const sign = bytes[at + 1];
  const exponent = sign === MINUS || sign === 0x2b ? at + 2 : at + 1;
  const end = digitsEnd(bytes, exponent);
  return end === exponent ? NONE : end;
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at] ?? 0)) at++;
  return at;
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at]) at++;
  return at;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= 0x39;
const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
