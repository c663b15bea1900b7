import { isExact, plainDigits } from "../../shared/exact-number.ts";
import { compileFilter, type Filter, fieldReader } from "../../shared/filter.ts";
import { surveyJson } from "../../shared/json-survey.ts";
import { Doubtful, doubtfulPath, LongNumber } from "../../shared/long-number.ts";
import { parseStrict } from "../parsers/strict-json.ts";

export type CastKind = "number" | "string" | "boolean" | "json";

/** What is done to each record, in this order: `where`, `select`, `rename`, `cast`, `constant`. */
export interface TransformSpec {
  where?: Filter;
  select?: readonly string[];
  rename?: readonly (readonly [from: string, to: string])[];
  cast?: readonly (readonly [field: string, kind: CastKind])[];
  constant?: readonly (readonly [field: string, value: string])[];
}

/** Refused records say why; those that `where` lets fall are counted, not refused. */
export type Transformed =
  | { record: Record<string, unknown> }
  /** A cast made a number that is not kept as it is. */
  | { record: Record<string, unknown>; doubtful: true }
  | { problem: string }
  | null;

export type Transform = (record: unknown) => Transformed;

/** A function of one record, which may change it and gives it back, or a new one; null when there is nothing to do. */
export function compileTransform(spec: TransformSpec): Transform | null {
  const test = spec.where ? compileFilter(spec.where) : null;
  const pick = spec.select ? picker(spec.select) : null;
  const renames = spec.rename ?? [];
  const casts = spec.cast ?? [];
  const constants = spec.constant ?? [];
  if (!test && !pick && renames.length + casts.length + constants.length === 0) return null;
  return (input) => {
    if (typeof input !== "object" || input === null || Array.isArray(input))
      return { problem: "not an object, so it has no fields" };
    let record = input as Record<string, unknown>;
    if (test && !test(record)) return null;
    if (pick) record = pick(record);
    if (renames.length > 0) record = renamed(record, renames);
    let doubtful = false;
    for (const [field, kind] of casts) {
      if (!Object.hasOwn(record, field)) continue;
      const cast = CASTS[kind](record[field]);
      if (cast === undefined) return { problem: `"${field}" cannot be read as ${kind}` };
      if (cast instanceof Doubtful) doubtful = true;
      define(record, field, cast instanceof Doubtful ? cast.value : cast);
    }
    for (const [field, value] of constants) define(record, field, value);
    return doubtful ? { record, doubtful } : { record };
  };
}

/**
 * The top-level keys that the transform reads, when it reads only some: a parser may then pass over the others.
 * A dotted name may be a key itself or a path below its first part.
 */
export function keysRead(spec: TransformSpec): string[] | null {
  if (!spec.select) return null;
  const names = [...spec.select, ...(spec.where ? filterFields(spec.where) : [])];
  return [
    ...new Set(names.flatMap((name) => (name.includes(".") ? [name, name.slice(0, name.indexOf("."))] : [name]))),
  ];
}

function filterFields(filter: Filter): string[] {
  if ("part" in filter) return filterFields(filter.part);
  if ("parts" in filter) return filter.parts.flatMap(filterFields);
  return [filter.field];
}

/** Assignment to `__proto__` would change the object's prototype; every other key is assigned, which is much faster. */
function define(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true });
  else record[key] = value;
}

function picker(names: readonly string[]): (record: Record<string, unknown>) => Record<string, unknown> {
  const readers = names.map((name) => [name, fieldReader(name)] as const);
  return (record) => {
    const picked: Record<string, unknown> = {};
    for (const [name, read] of readers) {
      const value = read(record);
      if (value !== undefined) define(picked, name, value);
    }
    return picked;
  };
}

/** All renames at once, so that two fields may change places; a field keeps its place in the order. */
function renamed(
  record: Record<string, unknown>,
  renames: readonly (readonly [string, string])[],
): Record<string, unknown> {
  const names = new Map(renames);
  const taken = new Set(renames.filter(([from]) => Object.hasOwn(record, from)).map(([, to]) => to));
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(record)) {
    const to = names.get(key);
    if (to !== undefined) define(result, to, value);
    else if (!taken.has(key)) define(result, key, value);
  }
  return result;
}

/** A number that text was read as; doubtful where the text says more. */
function asWritten(text: string, value: number): unknown {
  const decimal = /^[-+]?[\d.]+(?:e[-+]?\d+)?$/i.test(text);
  if (decimal ? isExact(text) : Number.isSafeInteger(value)) return value;
  return new Doubtful(Object.is(value, -0) ? value : new LongNumber(text));
}

/** A number as text, without an exponent where that is no longer than an id. */
const digitsOf = (number: string): string => (/e/i.test(number) ? (plainDigits(number, 256) ?? number) : number);

/** Each gives undefined for what it cannot read. */
const CASTS: Record<CastKind, (value: unknown) => unknown> = {
  number(value) {
    if (value instanceof LongNumber) return value;
    if (typeof value === "number" || typeof value === "boolean") return Number(value);
    if (typeof value !== "string" || value.trim() === "") return undefined;
    const number = Number(value);
    return Number.isFinite(number) ? asWritten(value.trim(), number) : undefined;
  },
  string(value) {
    if (typeof value === "number") return digitsOf(Object.is(value, -0) ? "-0" : String(value));
    if (value instanceof LongNumber) return digitsOf(value.text);
    if (typeof value !== "object" || value === null) return String(value);
    return doubtfulPath(value) === null ? JSON.stringify(value) : undefined;
  },
  boolean(value) {
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "1" || value === 1) return true;
    if (value === "false" || value === "0" || value === 0) return false;
    return undefined;
  },
  json(value) {
    if (typeof value !== "string") return value;
    try {
      const bytes = Buffer.from(value);
      const survey = surveyJson(bytes);
      return survey.deep ? undefined : parseStrict(value, bytes, [], survey);
    } catch {
      return undefined;
    }
  },
};
