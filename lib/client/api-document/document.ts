import { z } from "zod";

/** The part of JSON Schema that the API's description has. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  pattern?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const schemaSchema = z.custom<JsonSchema>(isObject);
const contentSchema = z.record(
  z.string(),
  z.object({ schema: schemaSchema.default({}), example: z.unknown().optional() }),
);
const headerSchema = z.object({ description: z.string().default(""), schema: schemaSchema.default({}) });

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  required: z.boolean().default(false),
  description: z.string().default(""),
  schema: schemaSchema.default({}),
  example: z.unknown().optional(),
});

const bodySchema = z.object({
  required: z.boolean().default(false),
  description: z.string().default(""),
  content: contentSchema,
});

const responseSchema = z.object({
  description: z.string(),
  headers: z.record(z.string(), headerSchema).default({}),
  content: contentSchema.default({}),
});

const operationSchema = z.object({
  operationId: z.string(),
  tags: z.array(z.string()).min(1),
  summary: z.string(),
  "x-headroom-role": z.union([z.string(), z.array(z.string())]).transform((role) => [role].flat()),
  parameters: z.array(parameterSchema).default([]),
  requestBody: bodySchema.optional(),
  responses: z.record(z.string(), responseSchema),
});

const documentSchema = z.object({
  info: z.object({ version: z.string(), description: z.string().default("") }),
  tags: z.array(z.object({ name: z.string(), description: z.string().default("") })),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});

export type Parameter = z.output<typeof parameterSchema>;
export type Body = z.output<typeof bodySchema>;
export type Response = z.output<typeof responseSchema>;

export interface Operation {
  id: string;
  method: string;
  path: string;
  group: string;
  summary: string;
  /** Who may call it beside the operator; `none` needs no key. */
  roles: readonly string[];
  parameters: readonly Parameter[];
  body: Body | null;
  /** By status, in ascending order; `default` is left out. */
  answers: readonly (Response & { status: number })[];
}

export interface Group {
  name: string;
  description: string;
  operations: readonly Operation[];
}

export interface ApiDocument {
  version: string;
  description: string;
  groups: readonly Group[];
  /** By name, as `$ref` calls them. */
  schemas: Readonly<Record<string, JsonSchema>>;
}

/**
 * The API's description as its page shows it: operations by group, references to shared parts resolved, schemas by name.
 *
 * @throws {Error} for anything that is not such a description.
 */
export function readDocument(json: unknown): ApiDocument {
  const components = isObject(json) && isObject(json.components) ? json.components : {};
  const parsed = documentSchema.safeParse(withoutReferences(json, components));
  // The place alone: everything that does not fit would fill the page.
  if (!parsed.success)
    throw new Error(`/openapi.json is not as expected at ${parsed.error.issues[0]?.path.join(" ")}.`);
  const { info, tags, paths } = parsed.data;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationOf(method, path, operation)),
  );
  const plain = headersOfAll(operations);
  const groups = tags.map((tag) => ({
    ...tag,
    operations: operations
      .filter(({ group }) => group === tag.name)
      .map((operation) => withoutHeaders(operation, plain)),
  }));
  return {
    version: info.version,
    description: info.description,
    groups: groups.filter((group) => group.operations.length > 0),
    schemas: (isObject(components.schemas) ? components.schemas : {}) as Record<string, JsonSchema>,
  };
}

function operationOf(method: string, path: string, operation: z.output<typeof operationSchema>): Operation {
  const answers = Object.entries(operation.responses)
    .filter(([status]) => status !== "default")
    .map(([status, response]) => ({ ...response, status: Number(status) }));
  return {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    group: operation.tags[0] ?? "",
    summary: operation.summary,
    roles: operation["x-headroom-role"],
    parameters: operation.parameters,
    body: operation.requestBody ?? null,
    answers: answers.sort((a, b) => a.status - b.status),
  };
}

/** Parameters, headers and responses in place of references to them; schemas stay, since they may refer to themselves. */
function withoutReferences(value: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutReferences(item, components));
  if (!isObject(value)) return value;
  const [, kind = "", name = ""] =
    /^#\/components\/(parameters|headers|responses)\/(.+)$/.exec(String(value.$ref)) ?? [];
  const parts = components[kind];
  if (isObject(parts)) return withoutReferences(parts[name], { ...components, [kind]: {} });
  const entries = Object.entries(value).map(([key, member]) => [
    key,
    KEPT.has(key) ? member : withoutReferences(member, components),
  ]);
  return Object.fromEntries(entries);
}

/** Members that may hold anything, or that are read later. */
const KEPT = new Set(["schema", "example", "components"]);

/** Headers that every answer has say nothing about one. */
function headersOfAll(operations: readonly Operation[]): ReadonlySet<string> {
  const [first = [], ...others] = operations.flatMap(({ answers }) =>
    answers.map(({ headers }) => Object.keys(headers)),
  );
  return new Set(first.filter((name) => others.every((names) => names.includes(name))));
}

function withoutHeaders(operation: Operation, plain: ReadonlySet<string>): Operation {
  const answers = operation.answers.map((answer) => ({
    ...answer,
    headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !plain.has(name))),
  }));
  return { ...operation, answers };
}
