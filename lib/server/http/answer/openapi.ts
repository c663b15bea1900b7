import { z } from "zod";
import project from "../../../../package.json" with { type: "json" };
import type { Roles } from "../../../contracts/auth.ts";
import { problemSchema } from "../../../contracts/problem.ts";
import type { Route } from "../define-route.ts";
import { OPERATION_IDS } from "./operation-ids.ts";
import { TAGS } from "./tags.ts";

type Json = Record<string, unknown>;

const toSchema = (schema: z.ZodType, io: "input" | "output"): Json => {
  const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return portable(rest, { defs: $defs as Json, isOutput: io === "output" }) as Json;
};

interface Place {
  defs: Json;
  isOutput: boolean;
  /** The definitions that are being written out: one within itself is any JSON, since generators stumble over circles. */
  within?: readonly string[];
}

/**
 * A schema as generators of clients take it: definitions written out (in OpenAPI `#/$defs` would be the document's), no
 * rules for names of members, and answers to which members may be added.
 */
function portable(schema: unknown, place: Place): unknown {
  if (Array.isArray(schema)) return schema.map((item) => portable(item, place));
  if (typeof schema !== "object" || schema === null) return schema;
  const { $ref, ...members } = schema as Json;
  if (typeof $ref === "string" && $ref.startsWith("#/$defs/")) {
    const name = $ref.slice("#/$defs/".length);
    const { within = [] } = place;
    return within.includes(name) ? {} : portable(place.defs[name], { ...place, within: [...within, name] });
  }
  const kept = Object.entries(members).filter(
    ([name, value]) =>
      name !== "propertyNames" && !(place.isOutput && name === "additionalProperties" && value === false),
  );
  const written = Object.fromEntries(
    kept.map(([name, value]) => [name, name === "properties" ? membersOf(value, place) : portable(value, place)]),
  );
  const isOpen = written.type === "object" && written.properties === undefined;
  return isOpen && written.additionalProperties === undefined ? { ...written, additionalProperties: {} } : written;
}

/** Members may be called as keywords are: only their schemas are looked at. */
function membersOf(properties: unknown, place: Place): Json {
  return Object.fromEntries(
    Object.entries(properties as Json).map(([name, schema]) => [name, portable(schema, place)]),
  );
}

/** What a body that is taken as it is may be called; others are taken too. */
const RAW_TYPES = ["application/octet-stream", "application/json", "text/plain"];
const BYTES = { type: "string", format: "binary" };

const PROBLEM = {
  description: "A problem (RFC 9457)",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** The OpenAPI 3.1 document, generated from the schemas that check requests. */
export function createOpenApi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const { spec } of routes) {
    const path = paths[spec.path] ?? {};
    path[spec.method] = operation(spec);
    paths[spec.path] = path;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Headroom",
      version: project.version,
      description:
        "Memory-bounded state for AI services: sessions, responses, vectors and documents under one memory budget.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The server that this document comes from" }],
    tags: TAGS,
    paths,
    components: {
      schemas: { Problem: toSchema(problemSchema, "output") },
      securitySchemes: {
        key: { type: "http", scheme: "bearer" },
        cookie: { type: "apiKey", in: "cookie", name: "headroom" },
      },
    },
  };
}

function operation(spec: Route["spec"]): Json {
  return {
    operationId: OPERATION_IDS[`${spec.method} ${spec.path}`],
    tags: [spec.tag],
    summary: spec.summary,
    ...access(spec.role),
    parameters: [...parameters(spec.params, "path"), ...parameters(spec.query, "query")],
    ...requestBody(spec),
    responses: {
      ...Object.fromEntries(
        Object.entries(spec.responses).map(([status, { description, schema, mediaType }]) => [
          status,
          { description, ...content(schema ? toSchema(schema, "output") : null, mediaType) },
        ]),
      ),
      "4XX": PROBLEM,
      default: PROBLEM,
    },
  };
}

/** `x-headroom-role` is the role, a list of roles, or `none`. An operator is always allowed. */
function access(role: Roles | null): Json {
  if (role === null) return { "x-headroom-role": "none", security: [], description: "Public: no key is needed." };
  const words = typeof role === "string" ? role : role.join(", ");
  return {
    "x-headroom-role": role,
    security: [{ key: [] }, { cookie: [] }],
    description: `Role: ${words}${words === "operator" ? "" : ", or operator"}.`,
  };
}

function content(schema: Json | null, mediaType?: string): Json {
  if (schema === null && mediaType === undefined) return {};
  return { content: { [mediaType ?? "application/json"]: { schema: schema ?? { type: "string" } } } };
}

function requestBody(spec: Route["spec"]): Json {
  if (spec.rawBody !== undefined) {
    return {
      requestBody: {
        description: spec.rawBody,
        content: Object.fromEntries((spec.mediaTypes ?? RAW_TYPES).map((type) => [type, { schema: BYTES }])),
      },
    };
  }
  if (!spec.body) return {};
  const schema = toSchema(spec.body, "input");
  const mediaTypes = spec.mediaTypes ?? ["application/json"];
  return {
    requestBody: {
      required: spec.bodyOptional !== true,
      content: Object.fromEntries(mediaTypes.map((type) => [type, { schema }])),
    },
  };
}

function parameters(schema: z.ZodType | undefined, where: "path" | "query"): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = toSchema(schema, "input") as { properties?: Json; required?: string[] };
  const { properties: read = {} } = toSchema(schema, "output") as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    // A number comes as text, and is told as what it is read as, with its bounds.
    schema: read[name]?.type === "integer" ? { ...described(property), ...read[name] } : property,
  }));
}

function described(property: unknown): Json {
  const { description } = property as Json;
  return description === undefined ? {} : { description };
}
