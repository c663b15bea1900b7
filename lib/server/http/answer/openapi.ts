import { z } from "zod";
import type { Roles } from "../../../contracts/auth.ts";
import { problemSchema } from "../../../contracts/problem.ts";
import type { Route } from "../define-route.ts";

type Json = Record<string, unknown>;

const toSchema = (schema: z.ZodType, io: "input" | "output"): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json;
  return rest;
};

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
      version: "1",
      description:
        "Memory-bounded state for AI services: sessions, responses, vectors and documents under one memory budget.",
    },
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
      default: PROBLEM,
    },
  };
}

/** `x-headroom-role` is the role, a list of roles, or `none`. An operator is always allowed. */
function access(role: Roles | null): Json {
  if (role === null) return { "x-headroom-role": "none", security: [] };
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
      requestBody: { description: spec.rawBody, content: { "*/*": { schema: { type: "string", format: "binary" } } } },
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
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema: property,
  }));
}
