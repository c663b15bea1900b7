import { z } from "zod";
import { SCHEMA_EXAMPLES } from "../../../contracts/schema-examples.ts";
import { EVENT_SCHEMA_NAMES, SCHEMA_NAMES } from "../../../contracts/schema-names.ts";

type Json = Record<string, unknown>;

interface Place {
  defs: Json;
  isOutput: boolean;
  /** No document is around it: names are written out too. */
  isAlone?: boolean;
  /** The definitions that are being written out: one within itself is any JSON, since generators stumble over circles. */
  within?: readonly string[];
}

for (const [id, schema] of Object.entries({ ...SCHEMA_NAMES, ...EVENT_SCHEMA_NAMES })) {
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });
}

/** A schema that stands alone, as agents get it. */
export function aloneSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return portable(rest, { defs: $defs as Json, isOutput: io === "output", isAlone: true }) as Json;
}

/** Zod calls a definition so that has no id of its own. */
const isUnnamed = (name: string): boolean => name.startsWith("__schema");

/**
 * The schemas of a document. One that lib/contracts/schema-names.ts names is a component, wherever it is used; others
 * are written out where they stand.
 */
export class OpenApiSchemas {
  readonly #named = new Map<string, Json>();

  /** By name, for `components`. */
  get components(): Json {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** @throws {Error} for a name that stands for two schemas: a body and an answer that differ need a name each. */
  of(schema: z.ZodType, io: "input" | "output"): Json {
    const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
    const place: Place = { defs: $defs as Json, isOutput: io === "output" };
    for (const [name, definition] of Object.entries(place.defs)) {
      if (isUnnamed(name)) continue;
      const example = SCHEMA_EXAMPLES[name];
      const examples = example === undefined ? {} : { examples: [example] };
      this.#add(name, { ...(portable(definition, place) as Json), ...examples });
    }
    return portable(rest, place) as Json;
  }

  #add(name: string, definition: Json): void {
    const known = this.#named.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition))
      throw new Error(`The name ${name} stands for two schemas, or for one that is read otherwise than it is written.`);
    this.#named.set(name, definition);
  }

  /** The schema itself, where one only refers to a component. */
  resolve(schema: Json): Json {
    const { $ref } = schema;
    return typeof $ref === "string" ? (this.#named.get($ref.slice($ref.lastIndexOf("/") + 1)) ?? schema) : schema;
  }
}

/**
 * A schema as generators of clients take it: names refer to components, other definitions are written out (in OpenAPI
 * `#/$defs` would be the document's), no rules for names of members, and answers to which members may be added.
 */
function portable(schema: unknown, place: Place): unknown {
  if (Array.isArray(schema)) return schema.map((item) => portable(item, place));
  if (typeof schema !== "object" || schema === null) return schema;
  const { $ref, ...members } = schema as Json;
  if (typeof $ref === "string" && $ref.startsWith("#/$defs/")) {
    const name = $ref.slice("#/$defs/".length);
    if (!isUnnamed(name) && !place.isAlone) return { $ref: `#/components/schemas/${name}`, ...members };
    const { within = [] } = place;
    return within.includes(name) ? {} : portable(place.defs[name], { ...place, within: [...within, name] });
  }
  const kept = Object.entries(members).filter(
    ([name, value]) =>
      name !== "propertyNames" && !(place.isOutput && name === "additionalProperties" && value === false),
  );
  const written = Object.fromEntries(kept.map(([name, value]) => [name, memberOf(name, value, place)]));
  const isOpen = written.type === "object" && written.properties === undefined;
  const told = place.isOutput ? written : defaultInWords(written);
  return isOpen && told.additionalProperties === undefined ? { ...told, additionalProperties: {} } : told;
}

/** openapi-typescript makes a member of a body required that has a default: so bodies tell theirs in words. */
function defaultInWords({ default: value, ...schema }: Json): Json {
  if (value === undefined) return schema;
  const words = `Default: ${JSON.stringify(value)}`;
  return { ...schema, description: schema.description === undefined ? words : `${schema.description}. ${words}` };
}

/** Members may be called as keywords are, and examples may hold anything: only schemas are looked into. */
function memberOf(name: string, value: unknown, place: Place): unknown {
  if (name === "examples" || name === "default" || name === "enum" || name === "const") return value;
  if (name !== "properties") return portable(value, place);
  return Object.fromEntries(
    Object.entries(value as Json).map(([property, schema]) => [property, portable(schema, place)]),
  );
}
