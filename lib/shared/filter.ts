import { LongNumber } from "./long-number.ts";

/** A value that a field is compared with. */
export type FilterScalar = string | number | boolean | null;

/** A parsed filter, as stores and streams evaluate it. */
export type Filter =
  | { kind: "and" | "or"; parts: readonly Filter[] }
  | { kind: "not"; part: Filter }
  | { kind: "compare"; field: string; operator: "eq" | "ne" | "gt" | "gte" | "lt" | "lte"; value: FilterScalar }
  | { kind: "in"; field: string; values: readonly FilterScalar[] }
  | { kind: "exists"; field: string; wanted: boolean };

export const MAX_FILTER_DEPTH = 16;
export const MAX_FILTER_NODES = 256;
export const MAX_FILTER_VALUES = 1000;

const COMPARISONS = ["eq", "ne", "gt", "gte", "lt", "lte"] as const;

/** An invalid filter; `path` gives the position, as in `/and/0/price`. */
export class FilterError extends Error {
  override readonly name = "FilterError";
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/**
 * Reads `{field: value}`, `{field: {eq, ne, in, gt, gte, lt, lte, exists}}`, `{and: […]}`, `{or: […]}`, `{not: …}`;
 * more keys or operators side by side must all hold.
 *
 * @throws {FilterError} for anything else, and beyond depth 16, 256 nodes or 1,000 values.
 */
export function parseFilter(input: unknown): Filter {
  const budget = { nodes: MAX_FILTER_NODES, values: MAX_FILTER_VALUES };
  return readObject(input, "", 0, budget);
}

/** Whether fields decide: what has an empty part may match all records by mistake. */
export function hasCondition(filter: Filter): boolean {
  if (filter.kind === "not") return hasCondition(filter.part);
  if (filter.kind === "and") return filter.parts.some(hasCondition);
  return filter.kind !== "or" || (filter.parts.length > 0 && filter.parts.every(hasCondition));
}

interface Budget {
  nodes: number;
  values: number;
}

function readObject(input: unknown, path: string, depth: number, budget: Budget): Filter {
  if (depth > MAX_FILTER_DEPTH) throw new FilterError(path, `nested deeper than ${MAX_FILTER_DEPTH}`);
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw new FilterError(path, "a filter must be an object");
  const parts = Object.entries(input).map(([key, value]) => readMember(key, value, `${path}/${key}`, depth, budget));
  return all(parts);
}

function readMember(key: string, value: unknown, path: string, depth: number, budget: Budget): Filter {
  if (--budget.nodes < 0) throw new FilterError(path, `more than ${MAX_FILTER_NODES} conditions`);
  if (key === "not") return { kind: "not", part: readObject(value, path, depth + 1, budget) };
  if (key !== "and" && key !== "or") return readField(key, value, path, budget);
  if (!Array.isArray(value)) throw new FilterError(path, `"${key}" must be a list of filters`);
  const parts = value.map((part, index) => readObject(part, `${path}/${index}`, depth + 1, budget));
  return { kind: key, parts };
}

function readField(field: string, value: unknown, path: string, budget: Budget): Filter {
  if (isScalar(value)) return { kind: "compare", field, operator: "eq", value };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FilterError(path, "a field needs a value or an object of operators");
  const entries = Object.entries(value);
  if (entries.length === 0) throw new FilterError(path, "no operator");
  return all(
    entries.map(([operator, operand]) => readOperator(field, operator, operand, `${path}/${operator}`, budget)),
  );
}

function readOperator(field: string, operator: string, operand: unknown, path: string, budget: Budget): Filter {
  if (--budget.nodes < 0) throw new FilterError(path, `more than ${MAX_FILTER_NODES} conditions`);
  if (operator === "exists") {
    if (typeof operand !== "boolean") throw new FilterError(path, "exists must be true or false");
    return { kind: "exists", field, wanted: operand };
  }
  if (operator === "in") {
    if (!Array.isArray(operand) || !operand.every(isScalar)) throw new FilterError(path, "in must be a list of values");
    budget.values -= operand.length;
    if (budget.values < 0) throw new FilterError(path, `more than ${MAX_FILTER_VALUES} values`);
    return { kind: "in", field, values: operand };
  }
  const known = COMPARISONS.find((name) => name === operator);
  if (!known) throw new FilterError(path, `unknown operator "${operator}"`);
  if (!isScalar(operand)) throw new FilterError(path, `${known} needs a string, a number, a boolean or null`);
  const ordered = known !== "eq" && known !== "ne";
  if (ordered && typeof operand !== "string" && typeof operand !== "number")
    throw new FilterError(path, `${known} needs a string or a number`);
  return { kind: "compare", field, operator: known, value: operand };
}

function isScalar(value: unknown): value is FilterScalar {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "string" || typeof value === "boolean";
}

function all(parts: readonly Filter[]): Filter {
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind: "and", parts };
}

export type FilterTest = (record: Readonly<Record<string, unknown>>) => boolean;

/** Called when text was compared with a number, which never matches and is usually a mistake. */
export type OnUnlike = () => void;

/**
 * A predicate for many records. A field is an own property, or with dots a path into nested objects if no property has
 * the whole name. A list matches where one of its elements does, and a path goes through a list into each element. Only
 * numbers and only strings are in an order; what is absent equals nothing, so that `ne` holds for it.
 */
export function compileFilter(filter: Filter, onUnlike?: OnUnlike): FilterTest {
  switch (filter.kind) {
    case "and": {
      const tests = filter.parts.map((part) => compileFilter(part, onUnlike));
      return (record) => tests.every((test) => test(record));
    }
    case "or": {
      const tests = filter.parts.map((part) => compileFilter(part, onUnlike));
      return (record) => tests.some((test) => test(record));
    }
    case "not": {
      const test = compileFilter(filter.part, onUnlike);
      return (record) => !test(record);
    }
    case "exists": {
      const exists = leafTest(filter.field, (value) => value !== undefined);
      return (record) => exists(record) === filter.wanted;
    }
    case "in": {
      const values = new Set<unknown>(filter.values);
      return valueTest(filter.field, (value) => values.has(value), filter.values, onUnlike);
    }
    case "compare":
      return compileComparison(filter.field, filter.operator, filter.value, onUnlike);
  }
}

function compileComparison(
  field: string,
  operator: (typeof COMPARISONS)[number],
  wanted: FilterScalar,
  onUnlike: OnUnlike | undefined,
): FilterTest {
  if (operator === "eq" || operator === "ne") {
    const equal = valueTest(field, (value) => value === wanted, [wanted], onUnlike);
    return operator === "eq" ? equal : (record) => !equal(record);
  }
  const holds = ORDER[operator];
  const test = (value: unknown): boolean => {
    if (typeof value === "number" && typeof wanted === "number") return holds(value - wanted);
    if (value instanceof LongNumber && typeof wanted === "number") return holds(value.compare(wanted));
    if (typeof value === "string" && typeof wanted === "string")
      return holds(value < wanted ? -1 : value > wanted ? 1 : 0);
    return false;
  };
  return valueTest(field, test, [wanted], onUnlike);
}

const ORDER: Record<"gt" | "gte" | "lt" | "lte", (difference: number) => boolean> = {
  gt: (difference) => difference > 0,
  gte: (difference) => difference >= 0,
  lt: (difference) => difference < 0,
  lte: (difference) => difference <= 0,
};

/**
 * Tests a field's value, or the elements of a list; tells of a text beside nothing but numbers, or a number beside
 * nothing but texts.
 */
function valueTest(
  field: string,
  test: (value: unknown) => boolean,
  wanted: readonly FilterScalar[],
  onUnlike: OnUnlike | undefined,
): FilterTest {
  const numbers = wanted.some((value) => typeof value === "number");
  const texts = wanted.some((value) => typeof value === "string");
  if (!onUnlike || numbers === texts) return leafTest(field, test);
  const unlike = numbers ? "string" : "number";
  return leafTest(field, (value) => {
    if (typeof value === unlike) onUnlike();
    return test(value);
  });
}

function leafTest(field: string, test: (value: unknown) => boolean): FilterTest {
  const leaf = (value: unknown): boolean => (Array.isArray(value) ? value.some(test) : test(value));
  if (!field.includes(".")) return (record) => leaf(Object.hasOwn(record, field) ? record[field] : undefined);
  const path = field.split(".");
  return (record) => (Object.hasOwn(record, field) ? leaf(record[field]) : pathHolds(record, path, 0, leaf));
}

/** Whether what lies at the path holds; where a list lies on it, for one of its elements. */
function pathHolds(from: unknown, path: readonly string[], start: number, leaf: (value: unknown) => boolean): boolean {
  let value = from;
  for (let at = start; at < path.length; at++) {
    const key = path[at] ?? "";
    if (typeof value !== "object" || value === null) return leaf(undefined);
    if (Object.hasOwn(value, key)) value = (value as Record<string, unknown>)[key];
    else return Array.isArray(value) ? value.some((element) => pathHolds(element, path, at, leaf)) : leaf(undefined);
  }
  return leaf(value);
}

/** Reads a field as filters do: own properties alone, so that `constructor` is absent unless the data has it. */
export function fieldReader(field: string): (record: Readonly<Record<string, unknown>>) => unknown {
  if (!field.includes(".")) return (record) => (Object.hasOwn(record, field) ? record[field] : undefined);
  const path = field.split(".");
  return (record) => {
    if (Object.hasOwn(record, field)) return record[field];
    let value: unknown = record;
    for (const key of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Record<string, unknown>)[key];
    }
    return value;
  };
}
