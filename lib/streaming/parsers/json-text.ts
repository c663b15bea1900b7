import { isAscii, isUtf8 } from "node:buffer";
import { keysIn, surveyJson } from "../../shared/json-survey.ts";
import { Doubtful, LongNumber } from "../../shared/long-number.ts";
import { DEEP, type Scanner } from "../scan/scanner.ts";
import { isJson } from "./json-grammar.ts";
import type { RejectCode } from "./parser.ts";
import { parseStrict } from "./strict-json.ts";

/** A record's value (a `Doubtful` when a number of it is not kept as it is), or why it has none. */
export type Parsed = { value: unknown } | Unparsed;
interface Unparsed {
  code: RejectCode;
  message: string;
}

const TOO_DEEP: Unparsed = { code: "too-deep", message: "nested more than 64 levels deep" };
const NOT_UTF8: Unparsed = { code: "invalid-utf8", message: "not valid UTF-8" };
const MALFORMED: Unparsed = { code: "malformed-json", message: "malformed" };
const REPEATED_KEY: Unparsed = { code: "malformed-json", message: "an object repeats a key" };
const INFINITE: Unparsed = { code: "number-not-finite", message: "a number is too large for a double" };

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

export function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (!isSpace(byte)) return false;
  return true;
}

/** Text of UTF-8, or null when it is not UTF-8. Latin-1 is the quick way for what is ASCII. */
export function decodeUtf8(bytes: Buffer): string | null {
  if (isAscii(bytes)) return bytes.toString("latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : null;
}

/**
 * Parses one record by itself. `flags` is what the scan knows of it.
 * @param rounded its keys whose lists are of numbers that may be rounded.
 * @param describes whether a reason will be read that costs much to find out.
 */
export function parseOne(bytes: Buffer, flags: number, rounded: readonly string[] = [], describes = true): Parsed {
  const survey = surveyJson(bytes);
  if (flags & DEEP || survey.deep) return TOO_DEEP;
  const text = decodeUtf8(bytes);
  if (text === null) return NOT_UTF8;
  if (!describes && !isJson(bytes)) return MALFORMED;
  let value: unknown;
  try {
    value = parseStrict(text, bytes, rounded, survey);
  } catch (error) {
    return { code: "malformed-json", message: jsonMessage(error) };
  }
  if (value === undefined) return REPEATED_KEY;
  if (survey.doubtful && holdsInfinite(value)) return INFINITE;
  return { value };
}

/** V8 quotes the text in its message: the reason and the place are enough, the record has its excerpt. */
function jsonMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : "malformed";
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, 160);
}

/**
 * Parses a run of records that stand between commas in `bytes[start, end)`. The bytes just before and at the end of it
 * are used for brackets, and put back.
 *
 * @returns null unless it is valid UTF-8 and JSON of exactly `count` values, none of which repeats a key.
 */
export function parseRun(scanner: Scanner, start: number, end: number, count: number): unknown[] | null {
  const { bytes } = scanner;
  const keys = scanner.countColons(start, end);
  const before = bytes[start - 1] ?? 0;
  const after = bytes[end] ?? 0;
  bytes[start - 1] = 0x5b;
  bytes[end] = 0x5d;
  try {
    const text = decodeUtf8(bytes.subarray(start - 1, end + 1));
    if (text === null) return null;
    const values: unknown = JSON.parse(text);
    return Array.isArray(values) && values.length === count && keysIn(values) === keys ? values : null;
  } catch {
    return null;
  } finally {
    bytes[start - 1] = before;
    bytes[end] = after;
  }
}

/** JSON.parse makes an infinity of `1e400`; nothing after it would. */
function holdsInfinite(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (value instanceof LongNumber) return !Number.isFinite(Number(value.text));
  if (value instanceof Doubtful) return holdsInfinite(value.value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsInfinite);
}
