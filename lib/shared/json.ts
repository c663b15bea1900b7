import { AppError } from "./errors.ts";
import { findInexact } from "./exact-number.ts";

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
/** Fields named in one answer. */
const MOST_ERRORS = 20;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export interface JsonOptions {
  /** Where numbers may be rounded, as paths of keys; `*` is any element: vectors. */
  rounded?: readonly (readonly string[])[];
  /** Where the text is from, for the errors' paths: "" for a body. */
  at?: string;
}

/**
 * Parses JSON more strictly than `JSON.parse`: at most 64 levels, no repeated key, UTF-8 without a byte-order mark, and no number
 * whose value would change.
 *
 * @throws {AppError} `malformed-json`; `number-not-exact` with the path of the number. O(n) time; the depth is checked before
 * anything is built.
 */
export function parseJson(bytes: Uint8Array, { rounded = [], at = "" }: JsonOptions = {}): unknown {
  const { keys, doubtful } = survey(bytes);
  const text = decode(bytes);
  const value = parse(text);
  // JSON.parse keeps the last of two equal keys, so a repeated key shows as one fewer in the value than in the text.
  if (keysIn(value) !== keys) throw new AppError("malformed-json", "An object repeats a key.");
  if (doubtful) refuseInexact(text, rounded, at);
  return value;
}

/** The same of a text, as in a query parameter; `at` is where it stands. */
export function parseJsonText(text: string, at: string): unknown {
  return parseJson(new TextEncoder().encode(text), { at });
}

function refuseInexact(text: string, rounded: readonly (readonly string[])[], at: string): void {
  const found = findInexact(text, rounded, MOST_ERRORS);
  if (found.length === 0) return;
  const errors = found.map(({ path, number }) => ({
    path: at + jsonPointer(path),
    message: Number.isFinite(Number(number))
      ? "would not keep its value as a number; send it as text"
      : "is beyond what a number can be",
  }));
  const infinite = found.findIndex(({ number }) => !Number.isFinite(Number(number)));
  const first = errors[Math.max(infinite, 0)];
  throw new AppError(infinite < 0 ? "number-not-exact" : "malformed-json", `${first?.path}: ${first?.message}.`, {
    errors,
  });
}

/** RFC 6901. */
export function jsonPointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new AppError("malformed-json", "The body is not valid UTF-8.", { cause });
  }
  if (text.charCodeAt(0) === 0xfeff) throw new AppError("malformed-json", "The body starts with a byte-order mark.");
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("malformed-json", describe(cause), { cause });
  }
}

/** V8's sentence quotes the body; only the position is ours to repeat. */
function describe(error: unknown): string {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
  return position
    ? `The body is not valid JSON at position ${position}.`
    : "The body is not valid JSON: it ends too early, or is empty.";
}

/**
 * Counts the colons outside strings, one per key, and tells whether any number may be inexact.
 * @throws {AppError} past the depth limit.
 */
function survey(bytes: Uint8Array): { keys: number; doubtful: boolean } {
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
      if (depth > MAX_JSON_DEPTH)
        throw new AppError("malformed-json", `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return { keys, doubtful };
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

function keysIn(value: unknown): number {
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
