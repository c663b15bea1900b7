import { isExact, plainDigits } from "../../shared/exact-number.ts";
import { compileFilter, type Filter, fieldReader } from "../../shared/filter.ts";
import { surveyJson } from "../../shared/json-survey.ts";
import { Doubtful, doubtfulPath, LongNumber } from "../../shared/long-number.ts";
import { isJson } from "../parsers/json-grammar.ts";
import { parseStrict } from "../parsers/strict-json.ts";

export type CastKind = "number" | "string" | "boolean" | "json";

/** What is done to each record, in this order: `nulls`, `cast`, `rename`, `where`, `select`, `constant`. */
export interface TransformSpec {
  where?: Filter;
  select?: readonly string[];
  rename?: readonly (readonly [from: string, to: string])[];
  cast?: readonly (readonly [field: string, kind: CastKind])[];
  constant?: readonly (readonly [field: string, value: string])[];
  /** What parts the decimals of a number that is cast from text; a point by default. */
  decimal?: "." | ",";
  /** Texts that stand for null, in any field. */
  nulls?: readonly string[];
  /** Fields are cells of a table: an empty one is no text, and cast to null. */
  cells?: boolean;
}

/** Refused records say why; those that `where` lets fall are counted, not refused. */
export type Transformed =
  | { record: Record<string, unknown> }
  /** A cast made a number that is not kept as it is. */
  | { record: Record<string, unknown>; doubtful: true }
  | { problem: string }
  | null;

/** Changes records one at a time; a record may be changed in place. */
export interface Transform {
  apply(record: unknown): Transformed;
  /** Records in which `where` compared a text with a number, since this was last asked. */
  takeUnlike(): number;
  /** Records in which `select` found none of its fields, since this was last asked. */
  takeEmpty(): number;
}

type Fields = Record<string, unknown>;

/** Null when there is nothing to do. */
export function compileTransform(spec: TransformSpec): Transform | null {
  let unlikeHere = false;
  let unlike = 0;
  const test = spec.where
    ? compileFilter(spec.where, () => {
        unlikeHere = true;
      })
    : null;
  let empty = 0;
  const pick = spec.select ? picker(spec.select, () => empty++) : null;
  const rename = spec.rename?.length ? renamer(spec.rename) : null;
  const cast = spec.cast?.length ? caster(spec.cast, spec) : null;
  const constants = spec.constant ?? [];
  const nulls = spec.nulls?.length ? new Set<unknown>(spec.nulls) : null;
  if (!test && !pick && !rename && !cast && !nulls && constants.length === 0) return null;
  const apply = (input: unknown): Transformed => {
    if (typeof input !== "object" || input === null || Array.isArray(input))
      return { problem: "not an object; it has no fields" };
    let record = input as Fields;
    if (nulls) for (const key of Object.keys(record)) if (nulls.has(record[key])) define(record, key, null);
    const outcome = cast?.(record) ?? null;
    if (outcome !== null && outcome !== "doubtful") return outcome;
    if (rename) record = rename(record);
    if (test) {
      unlikeHere = false;
      const holds = test(record);
      if (unlikeHere) unlike++;
      if (!holds) return null;
    }
    if (pick) record = pick(record);
    for (const [field, value] of constants) define(record, field, value);
    return outcome === "doubtful" ? { record, doubtful: true } : { record };
  };
  return {
    apply,
    takeUnlike() {
      const count = unlike;
      unlike = 0;
      return count;
    },
    takeEmpty() {
      const count = empty;
      empty = 0;
      return count;
    },
  };
}

/**
 * The top-level keys that the transform reads, when it reads only some: a parser may then pass over the others.
 * A dotted name may be a key itself or a path below its first part; a name that `rename` gives comes from another.
 */
export function keysRead(spec: TransformSpec): string[] | null {
  if (!spec.select) return null;
  const chosen = [...spec.select, ...(spec.where ? filterFields(spec.where) : [])].flatMap(withFirstPart);
  const sources = (spec.rename ?? []).filter(([, to]) => chosen.includes(to)).map(([from]) => from);
  const casts = (spec.cast ?? []).map(([field]) => field);
  return [...new Set([...chosen, ...[...sources, ...casts].flatMap(withFirstPart)])];
}

const withFirstPart = (name: string): string[] =>
  name.includes(".") ? [name, name.slice(0, name.indexOf("."))] : [name];

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

/** @param onNone told of a record that has none of the fields. */
function picker(names: readonly string[], onNone: () => void): (record: Fields) => Fields {
  const readers = names.map((name) => [name, fieldReader(name)] as const);
  return (record) => {
    const picked: Fields = {};
    let none = true;
    for (const [name, read] of readers) {
      const value = read(record);
      if (value === undefined) continue;
      define(picked, name, value);
      none = false;
    }
    if (none) onNone();
    return picked;
  };
}

/** Where a field lies: an own key, or with dots below nested objects. Null where it is absent. */
function locate(record: Fields, field: string): { holder: Fields; key: string } | null {
  if (Object.hasOwn(record, field)) return { holder: record, key: field };
  const path = field.split(".");
  const key = path.pop() ?? "";
  let holder: unknown = record;
  for (const part of path) {
    if (!isObject(holder) || !Object.hasOwn(holder, part)) return null;
    holder = holder[part];
  }
  return isObject(holder) && Object.hasOwn(holder, key) ? { holder, key } : null;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** All renames at once, so that two fields may change places; a field keeps its place in the order. One from within an object is added. */
function renamer(renames: readonly (readonly [string, string])[]): (record: Fields) => Fields {
  const names = new Map(renames);
  return (record) => {
    const taken = new Set(renames.filter(([from]) => locate(record, from)).map(([, to]) => to));
    const result: Fields = {};
    for (const [key, value] of Object.entries(record)) {
      const to = names.get(key);
      if (to !== undefined) define(result, to, value);
      else if (!taken.has(key)) define(result, key, value);
    }
    for (const [from, to] of renames) {
      const found = from.includes(".") && !Object.hasOwn(record, from) ? locate(record, from) : null;
      if (found) define(result, to, found.holder[found.key]);
    }
    return result;
  };
}

/** Casts fields in place. The function gives the reason why one cannot be, and whether one is no longer what it was. */
function caster(
  casts: readonly (readonly [string, CastKind])[],
  { decimal = ".", cells = false }: TransformSpec,
): (record: Fields) => { problem: string } | "doubtful" | null {
  return (record) => {
    let doubtful = false;
    for (const [field, kind] of casts) {
      const found = locate(record, field);
      if (!found) continue;
      const { holder, key } = found;
      const value = holder[key];
      if (value === null) continue;
      const empty = typeof value === "string" && value.trim() === "" && (kind !== "string" || (cells && value === ""));
      const cast = empty ? null : CASTS[kind](value, decimal);
      if (cast === undefined) return { problem: `"${field}" cannot be read as ${kind}` };
      if (cast instanceof Doubtful) doubtful = true;
      define(holder, key, cast instanceof Doubtful ? cast.value : cast);
    }
    return doubtful ? "doubtful" : null;
  };
}

const DECIMAL = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** A number that text was read as; doubtful where the text says more. */
function asWritten(text: string, value: number): unknown {
  if (isExact(text)) return value;
  return new Doubtful(Object.is(value, -0) ? value : new LongNumber(text));
}

/** A number as text, without an exponent where that is no longer than an id. */
const digitsOf = (number: string): string => (/e/i.test(number) ? (plainDigits(number, 256) ?? number) : number);

/** Each gives undefined for what it cannot read. */
const CASTS: Record<CastKind, (value: unknown, decimal: string) => unknown> = {
  number(value, decimal) {
    if (value instanceof LongNumber) return value;
    if (typeof value === "number" || typeof value === "boolean") return Number(value);
    if (typeof value !== "string") return undefined;
    // With a decimal comma a point would part thousands for some, and decimals for others.
    if (decimal === "," && value.includes(".")) return undefined;
    const text = decimal === "," ? value.trim().replace(",", ".") : value.trim();
    // Number() reads 0x10, 0b1 and 0o7 too, which are ids or codes in a file of data.
    const number = DECIMAL.test(text) ? Number(text) : Number.NaN;
    return Number.isFinite(number) ? asWritten(text, number) : undefined;
  },
  string(value) {
    if (typeof value === "number") return digitsOf(Object.is(value, -0) ? "-0" : String(value));
    if (value instanceof LongNumber) return digitsOf(value.text);
    if (typeof value !== "object" || value === null) return String(value);
    return doubtfulPath(value) === null ? JSON.stringify(value) : undefined;
  },
  boolean(value) {
    if (typeof value === "boolean") return value;
    const text = typeof value === "object" ? "" : String(value).toLowerCase();
    if (text === "true" || text === "1") return true;
    if (text === "false" || text === "0") return false;
    return undefined;
  },
  json(value) {
    if (typeof value !== "string") return value;
    const bytes = Buffer.from(value);
    const survey = surveyJson(bytes);
    return survey.deep || !isJson(bytes) ? undefined : parseStrict(value, bytes, [], survey);
  },
};
