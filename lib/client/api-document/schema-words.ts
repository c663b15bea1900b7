import type { JsonSchema } from "./document.ts";

type Schemas = Readonly<Record<string, JsonSchema>>;

/** The name of a component that a schema refers to. */
const nameIn = ({ $ref }: JsonSchema): string | null => $ref?.slice($ref.lastIndexOf("/") + 1) ?? null;

/** The schema itself, where one only refers to a component. */
export function resolved(schema: JsonSchema, schemas: Schemas): JsonSchema {
  const name = nameIn(schema);
  return name === null ? schema : (schemas[name] ?? {});
}

/** What a value is, in a few words: `string`, `list of Session`, `"hot" or "cold"`. */
export function typeWords(schema: JsonSchema): string {
  const name = nameIn(schema);
  if (name !== null) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return either(schema.enum.map((value) => JSON.stringify(value)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return either(choices.map(typeWords));
  if (schema.allOf) return schema.allOf.map(typeWords).join(" and ");
  if (Array.isArray(schema.type)) return either(schema.type);
  switch (schema.type) {
    case "array":
      return `list of ${typeWords(schema.items ?? {})}`;
    case "object":
      return objectWords(schema);
    case "string":
      return schema.format === "binary"
        ? "bytes"
        : schema.format === undefined
          ? "string"
          : `string (${schema.format})`;
    case undefined:
      return "any JSON";
    default:
      return schema.type;
  }
}

function objectWords({ properties, additionalProperties }: JsonSchema): string {
  if (properties && Object.keys(properties).length > 0) return "object";
  const inner = typeof additionalProperties === "object" ? typeWords(additionalProperties) : "any JSON";
  return inner === "any JSON" ? "object" : `object of ${inner}`;
}

const either = (words: readonly string[]): string => [...new Set(words)].join(" or ");

/** The bounds of a value in words; empty where it has none. */
export function limitWords(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum, minLength, maxLength, minItems, maxItems, pattern, format } = schema;
  // Zod writes a pattern for a format too, which nobody reads.
  const matches = pattern !== undefined && format === undefined ? `matches ${pattern}` : "";
  const words = [
    exclusiveMinimum === undefined ? between(minimum, maximum, "") : `more than ${exclusiveMinimum}`,
    exclusiveMinimum === undefined || maximum === undefined ? "" : between(undefined, maximum, ""),
    between(minLength, maxLength, " characters"),
    between(minItems, maxItems, " items"),
    matches,
    schema.default === undefined ? "" : `${JSON.stringify(schema.default)} by default`,
  ];
  return words.filter((word) => word !== "").join(", ");
}

/** Zod's bounds of integers, which say no more than that the number is exact. */
const isBound = (value: number | undefined): value is number =>
  value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;

function between(low: number | undefined, high: number | undefined, unit: string): string {
  // No length is below 0.
  const from = isBound(low) && (low > 0 || unit === "") ? grouped(low) : null;
  const to = isBound(high) ? grouped(high) : null;
  if (from !== null && to !== null) return from === to ? `${from}${unit}` : `${from}–${to}${unit}`;
  if (from !== null) return `at least ${from}${unit}`;
  return to === null ? "" : `at most ${to}${unit}`;
}

const grouped = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 20 });

export interface Field {
  name: string;
  schema: JsonSchema;
  required: boolean;
}

/** One form that a value may take: its fields, and the name of the component that has them. */
export interface Shape {
  name: string | null;
  fields: readonly Field[];
}

/** The objects in a value: its own fields, those of its items, or those of each alternative. Empty for other values. */
export function shapesOf(schema: JsonSchema, schemas: Schemas, within: readonly string[] = []): Shape[] {
  const name = nameIn(schema);
  // A schema that is an alternative of itself has no further form.
  if (name !== null && within.includes(name)) return [];
  const around = name === null ? within : [...within, name];
  const own = resolved(schema, schemas);
  const parts = own.anyOf ?? own.oneOf ?? own.allOf;
  if (parts) return parts.flatMap((part) => shapesOf(part, schemas, around));
  if (own.items) return shapesOf(own.items, schemas, around);
  const { properties = {}, required = [], additionalProperties } = own;
  const fields = Object.entries(properties).map(([field, property]) => ({
    name: field,
    schema: property,
    required: required.includes(field),
  }));
  if (fields.length > 0) return [{ name, fields }];
  return typeof additionalProperties === "object" ? shapesOf(additionalProperties, schemas, around) : [];
}
