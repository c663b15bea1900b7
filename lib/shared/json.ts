import { AppError } from "./errors.ts";
import { findInexact } from "./exact-number.ts";
import { keysIn, MAX_JSON_DEPTH, surveyJson } from "./json-survey.ts";

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
  const { keys, doubtful, deep } = surveyJson(bytes);
  if (deep) throw new AppError("malformed-json", `The body is nested more than ${MAX_JSON_DEPTH} levels deep.`);
  const text = decode(bytes);
  const value = parse(text);
  // JSON.parse keeps the last of two equal keys, so a repeated key shows as one fewer in the value than in the text.
  if (keysIn(value) !== keys) throw new AppError("malformed-json", "An object in the body repeats a key.");
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
      ? "would lose precision as a number; send it as a string"
      : "is too large for a number",
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
  if (text.charCodeAt(0) === 0xfeff)
    throw new AppError("malformed-json", "The body starts with a byte-order mark; send it without one.");
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
    : "The body is not valid JSON: it is empty or ends too early.";
}
