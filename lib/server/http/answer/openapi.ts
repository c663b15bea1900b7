import type { z } from "zod";
import project from "../../../../package.json" with { type: "json" };
import type { Roles } from "../../../contracts/auth.ts";
import { problemSchema } from "../../../contracts/problem.ts";
import type { Route } from "../define-route.ts";
import { exampleOf } from "./openapi-examples.ts";
import {
  type AnswerHeader,
  answerHeaders,
  headerComponents,
  type RequestHeader,
  requestHeaders,
} from "./openapi-headers.ts";
import { problemComponents, problemContent, problemResponses, takesConditions } from "./openapi-problems.ts";
import { OpenApiSchemas } from "./openapi-schemas.ts";
import { OPERATION_IDS } from "./operation-ids.ts";
import { TAGS } from "./tags.ts";

type Json = Record<string, unknown>;
type Spec = Route["spec"];

/** What a body that is taken as it is may be called; others are taken too. */
const RAW_TYPES = ["application/octet-stream", "application/json", "text/plain"];
const BYTES = { type: "string", format: "binary" };

/** The OpenAPI 3.1 document, generated from the schemas that check requests. */
export function createOpenApi(routes: readonly Route[]): Json {
  const schemas = new OpenApiSchemas();
  schemas.of(problemSchema, "output");
  const paths: Record<string, Json> = {};
  for (const { spec } of routes) {
    const path = paths[spec.path] ?? {};
    path[spec.method] = operation(spec, schemas);
    if (spec.head !== undefined) path.head = headOperation(spec, spec.head, schemas);
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
      schemas: schemas.components,
      responses: problemComponents(),
      ...headerComponents(),
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key" },
        cookie: { type: "apiKey", in: "cookie", name: "headroom", description: "The dashboard's sign-in" },
      },
    },
  };
}

function operation(spec: Spec, schemas: OpenApiSchemas): Json {
  return {
    operationId: OPERATION_IDS[`${spec.method} ${spec.path}`],
    tags: [spec.tag],
    summary: spec.summary,
    ...access(spec.role),
    parameters: [
      ...parameters(spec.params, "path", schemas),
      ...parameters(spec.query, "query", schemas, spec.queryExample),
      ...requestHeaders(takenHeaders(spec)),
    ],
    ...requestBody(spec, schemas),
    responses: { ...ownResponses(spec, schemas), ...problemResponses(spec) },
  };
}

/** HEAD answers as GET does, without a body. */
function headOperation(spec: Spec, summary: string, schemas: OpenApiSchemas): Json {
  const { responses, ...get } = operation(spec, schemas);
  const headersOnly = Object.entries(responses as Record<string, Json>).map(([status, { content: _, ...rest }]) => [
    status,
    rest,
  ]);
  return {
    ...get,
    operationId: OPERATION_IDS[`head ${spec.path}`],
    summary,
    responses: Object.fromEntries(headersOnly),
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

function takenHeaders(spec: Spec): RequestHeader[] {
  return [
    ...(takesConditions(spec) ? (["If-Match", "If-None-Match", "If-Version"] as const) : []),
    ...(spec.idempotent ? (["Idempotency-Key"] as const) : []),
    ...(spec.requestHeaders ?? []),
    ...(spec.role === null ? [] : (["X-Namespace"] as const)),
    "X-Request-Id",
  ];
}

function ownResponses(spec: Spec, schemas: OpenApiSchemas): Json {
  const written = Object.entries(spec.responses).map(([status, response]) => [
    status,
    {
      description: response.description,
      headers: answerHeaders(sentHeaders(spec, Number(status))),
      ...(Number(status) < 400 ? answerContent(response, schemas) : { content: problemContent(Number(status)) }),
    },
  ]);
  return Object.fromEntries(written);
}

/** Headers of an answer beside those of every answer. */
export function sentHeaders({ versioned, method, responses, idempotent }: Spec, status: number): AnswerHeader[] {
  const tellsVersion = versioned && versioned !== "requests" && status < 400 && method !== "delete";
  return [
    ...(tellsVersion ? (["ETag", "X-Version"] as const) : []),
    ...(idempotent ? (["Idempotency-Replayed"] as const) : []),
    ...(responses[status]?.headers ?? []),
  ];
}

function answerContent({ schema, mediaType, example }: Spec["responses"][number], schemas: OpenApiSchemas): Json {
  if (!schema && mediaType === undefined) return {};
  const types = mediaType === undefined ? ["application/json"] : [mediaType].flat();
  const written = types.map((type): [string, Json] => {
    if (!schema || !type.endsWith("json"))
      return [type, { schema: type.startsWith("text/") ? { type: "string" } : BYTES }];
    return [type, { ...withExample(schemas.of(schema, "output"), example, schemas) }];
  });
  return { content: Object.fromEntries(written) };
}

const withExample = (schema: Json, example: unknown, schemas: OpenApiSchemas): Json => ({
  schema,
  example: example === undefined ? exampleOf(schema, schemas) : example,
});

function requestBody(spec: Spec, schemas: OpenApiSchemas): Json {
  if (spec.rawBody !== undefined) {
    return {
      requestBody: {
        description: spec.rawBody,
        required: spec.bodyOptional !== true,
        content: Object.fromEntries((spec.mediaTypes ?? RAW_TYPES).map((type) => [type, { schema: BYTES }])),
      },
    };
  }
  if (!spec.body) return {};
  const described = withExample(schemas.of(spec.body, "input"), spec.bodyExample, schemas);
  const mediaTypes = spec.mediaTypes ?? ["application/json"];
  return {
    requestBody: {
      required: spec.bodyOptional !== true,
      content: {
        ...Object.fromEntries(mediaTypes.map((type) => [type, described])),
        ...Object.fromEntries(
          Object.entries(spec.otherBodies ?? {}).map(([type, body]) => [
            type,
            withExample(schemas.of(body, "input"), undefined, schemas),
          ]),
        ),
      },
    },
  };
}

function parameters(
  schema: z.ZodType | undefined,
  where: "path" | "query",
  schemas: OpenApiSchemas,
  examples: Spec["queryExample"] = {},
): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemas.of(schema, "input") as { properties?: Json; required?: string[] };
  const { properties: read = {} } = schemas.of(schema, "output") as { properties?: Record<string, Json> };
  return Object.entries(properties).map(([name, property]) => {
    const isRequired = where === "path" || required.includes(name);
    // A number comes as text, and is told as what it is read as, with its bounds.
    const of = read[name]?.type === "integer" ? { ...read[name], ...described(property) } : (property as Json);
    const initial = read[name]?.default === undefined ? {} : { default: read[name].default };
    return {
      name,
      in: where,
      required: isRequired,
      schema: { ...of, ...initial },
      ...(isRequired || examples[name] !== undefined ? { example: examples[name] ?? exampleOf(of, schemas) } : {}),
    };
  });
}

function described(property: unknown): Json {
  const { description } = property as Json;
  return description === undefined ? {} : { description };
}
