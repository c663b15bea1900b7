import { AppError } from "./errors.ts";

/** Deeper than any honest body; recursion over a parsed value stays far from the stack's end. */
export const MAX_JSON_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** 1 for the bytes that structure is made of: nearly all of a body is not. */
const STRUCTURAL = new Uint8Array(256);
for (const byte of [QUOTE, COLON, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE]) STRUCTURAL[byte] = 1;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parses a JSON body more strictly than `JSON.parse`: at most 64 levels, no repeated key, UTF-8 without a byte-order mark.
 *
 * @throws {AppError} `malformed-json`. O(n) time; the depth is checked before anything is built.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const keys = countKeys(bytes);
  const value = decodeAndParse(bytes);
  // JSON.parse keeps the last of two equal keys, so a repeated key shows as one fewer in the value than in the text.
  if (keysIn(value) !== keys) throw new AppError("malformed-json", "An object repeats a key.");
  return value;
}

function decodeAndParse(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new AppError("malformed-json", "The body is not valid UTF-8.", { cause });
  }
  if (text.charCodeAt(0) === 0xfeff) throw new AppError("malformed-json", "The body starts with a byte-order mark.");
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

/** Counts the colons outside strings: one per key. @throws {AppError} past the depth limit. */
function countKeys(bytes: Uint8Array): number {
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (STRUCTURAL[byte] === 0) continue;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === COLON) keys += 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH)
        throw new AppError("malformed-json", `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return keys;
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
