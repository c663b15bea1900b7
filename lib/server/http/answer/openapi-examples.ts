import type { OpenApiSchemas } from "./openapi-schemas.ts";

type Json = Record<string, unknown>;

const TEXTS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00.000Z",
  uuid: "8d3f2c1e-5b0a-4a57-9b8e-0c7f4d2a6e11",
  base64: "aGVsbG8=",
  binary: "hello",
};

/**
 * An example of a schema: its own (`.meta({ examples: […] })`), or else put together from its members. Members that may
 * be left out are shown where they have an example.
 */
export function exampleOf(given: Json, schemas: OpenApiSchemas): unknown {
  const own = ownExample(given);
  if (own !== undefined) return own;
  const schema = schemas.resolve(given);
  const named = ownExample(schema);
  if (named !== undefined) return named;
  const [choice] = (schema.anyOf ?? schema.oneOf ?? []) as Json[];
  if (choice) return exampleOf(choice, schemas);
  const [type] = [schema.type].flat();
  if (type === "object") return objectExample(schema, schemas);
  if (type === "array") {
    const items = schema.items as Json | undefined;
    return items === undefined || schema.maxItems === 0 ? [] : [exampleOf(items, schemas)];
  }
  return plainExample({ ...schema, type });
}

function ownExample(schema: Json): unknown {
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  return Array.isArray(schema.enum) ? schema.enum[0] : undefined;
}

function objectExample(schema: Json, schemas: OpenApiSchemas): Json {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, Json>; required?: string[] };
  const shown = Object.entries(properties).filter(
    ([name, of]) => required.includes(name) || Array.isArray(of.examples),
  );
  return Object.fromEntries(shown.map(([name, of]) => [name, exampleOf(of, schemas)]));
}

function plainExample({ type, format, minimum = 0, maximum, exclusiveMinimum }: Json): unknown {
  if (type === "null") return null;
  if (type === "boolean") return false;
  if (type === "number" || type === "integer") {
    const least = exclusiveMinimum === undefined ? Number(minimum) : Number(exclusiveMinimum) + 1;
    return maximum === undefined ? Math.max(least, 0) : Math.min(Math.max(least, 0), Number(maximum));
  }
  if (type !== "string") return {};
  return TEXTS[String(format)] ?? "text";
}
