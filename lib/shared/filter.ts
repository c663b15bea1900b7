/** Filters on metadata: `{field: value}`, `{field: {eq, ne, in, gt, gte, lt, lte, exists}}`, `{and: […]}`, `{or: […]}`, `{not: …}`. */
export type Scalar = string | number | boolean | null;
export type Condition = { op: string; value: unknown };
export type Filter =
  | { kind: "and" | "or"; filters: Filter[] }
  | { kind: "not"; filter: Filter }
  | { kind: "field"; path: string[]; conditions: Condition[] };

export class FilterError extends Error {
  override readonly name = "FilterError";
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

const MAX_DEPTH = 16;
const MAX_NODES = 256;
const OPERATORS = new Set(["eq", "ne", "in", "gt", "gte", "lt", "lte", "exists"]);

/** @throws {FilterError} where the filter is not of the grammar, or over 16 deep or 256 nodes. */
export function parseFilter(source: unknown): Filter {
  let nodes = 0;
  const parse = (value: unknown, path: string, depth: number): Filter => {
    if (depth > MAX_DEPTH) throw new FilterError(path, `is more than ${MAX_DEPTH} deep`);
    if (++nodes > MAX_NODES) throw new FilterError(path, `has more than ${MAX_NODES} conditions`);
    if (!isRecord(value)) throw new FilterError(path, "must be an object");
    const filters = Object.entries(value).map(([field, wanted]): Filter => {
      const at = `${path}/${field}`;
      if (field === "and" || field === "or") {
        if (!Array.isArray(wanted)) throw new FilterError(at, "must be a list of filters");
        return { kind: field, filters: wanted.map((part, i) => parse(part, `${at}/${i}`, depth + 1)) };
      }
      if (field === "not") return { kind: "not", filter: parse(wanted, at, depth + 1) };
      nodes++;
      return { kind: "field", path: field.split("."), conditions: parseConditions(wanted, at) };
    });
    const [only] = filters;
    return filters.length === 1 && only ? only : { kind: "and", filters };
  };
  return parse(source, "", 0);
}

function parseConditions(wanted: unknown, path: string): Condition[] {
  if (isScalar(wanted)) return [{ op: "eq", value: wanted }];
  if (!isRecord(wanted)) throw new FilterError(path, "must be a value or an object of operators");
  return Object.entries(wanted).map(([op, value]) => {
    const at = `${path}/${op}`;
    if (!OPERATORS.has(op)) throw new FilterError(at, `is not one of ${[...OPERATORS].join(", ")}`);
    if (op === "exists" && typeof value !== "boolean") throw new FilterError(at, "must be true or false");
    if (op === "in" && !(Array.isArray(value) && value.length <= 1_000 && value.every(isScalar))) throw new FilterError(at, "must be a list of at most 1,000 values");
    if (["gt", "gte", "lt", "lte"].includes(op) && typeof value !== "number" && typeof value !== "string") throw new FilterError(at, "must be a number or a text");
    if ((op === "eq" || op === "ne") && !isScalar(value)) throw new FilterError(at, "must be a value");
    return { op, value };
  });
}

export function compileFilter(filter: Filter): (record: Record<string, unknown>) => boolean {
  if (filter.kind === "not") {
    const inner = compileFilter(filter.filter);
    return (record) => !inner(record);
  }
  if (filter.kind === "field") return (record) => filter.conditions.every((condition) => holds(condition, lookUp(record, filter.path)));
  const parts = filter.filters.map(compileFilter);
  return filter.kind === "and" ? (record) => parts.every((part) => part(record)) : (record) => parts.some((part) => part(record));
}

function lookUp(record: Record<string, unknown>, path: string[]): unknown {
  let value: unknown = record;
  for (const key of path) {
    if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

function holds({ op, value: wanted }: Condition, value: unknown): boolean {
  if (op === "exists") return (value !== undefined) === wanted;
  if (op === "eq") return matches(value, (one) => one === wanted);
  if (op === "ne") return !matches(value, (one) => one === wanted);
  if (op === "in") return matches(value, (one) => (wanted as unknown[]).includes(one));
  return matches(value, (one) => typeof one === typeof wanted && compares(op, one as number, wanted as number));
}

/** A list matches when one of its values does. */
function matches(value: unknown, test: (one: unknown) => boolean): boolean {
  return Array.isArray(value) ? value.some(test) : value !== undefined && test(value);
}

function compares(op: string, a: number, b: number): boolean {
  if (op === "gt") return a > b;
  if (op === "gte") return a >= b;
  return op === "lt" ? a < b : a <= b;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
