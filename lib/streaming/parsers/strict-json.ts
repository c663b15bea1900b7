import { findInexact } from "../../shared/exact-number.ts";
import { type JsonSurvey, keysIn, surveyJson } from "../../shared/json-survey.ts";
import { Doubtful, LongNumber } from "../../shared/long-number.ts";

/**
 * Parses a JSON text in which no object repeats a key and no number changes.
 *
 * @param bytes the text's.
 * @param rounded keys of the root whose lists are of numbers that may be rounded.
 * @returns the value; a `Doubtful` of it when a number is -0 or wider than a double; undefined when an object repeats a key.
 * @throws {SyntaxError} for what JSON.parse does not take.
 */
export function parseStrict(
  text: string,
  bytes: Uint8Array,
  rounded: readonly string[],
  { keys, doubtful }: JsonSurvey = surveyJson(bytes),
): unknown {
  const value: unknown = JSON.parse(text);
  if (keysIn(value) !== keys) return undefined;
  return doubtful ? withLongNumbers(value, text, rounded) : value;
}

/** The value with each number that would change as it was written. */
function withLongNumbers(value: unknown, text: string, rounded: readonly string[]): unknown {
  const paths = rounded.map((key) => [key]);
  const found = findInexact(text, paths, Number.POSITIVE_INFINITY);
  let root = value;
  for (const { path, number } of found) {
    const exact = Object.is(Number(number), -0) ? -0 : new LongNumber(number);
    const last = path.at(-1);
    if (last === undefined) root = exact;
    else define(path.slice(0, -1).reduce<unknown>(member, value), last, exact);
  }
  return found.length > 0 ? new Doubtful(root) : root;
}

// The paths come from the text that `value` was parsed from, so each step is an own property of an object or a list.
const member = (value: unknown, key: string | number): unknown => (value as Record<string | number, unknown>)[key];

function define(target: unknown, key: string | number, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
