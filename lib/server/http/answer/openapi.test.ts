import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { z } from "zod";
import { SCHEMA_NAMES } from "../../../contracts/schema-names.ts";
import { systemClock } from "../../../shared/clock.ts";
import { PROBLEMS } from "../../../shared/errors.ts";
import { parseEnv } from "../../env.ts";
import { createLog } from "../../observe/log.ts";
import { openRuntime } from "../../runtime.ts";
import type { Route } from "../define-route.ts";
import { allRoutes } from "../routes.ts";
import { createOpenApi } from "./openapi.ts";
import { OPERATION_IDS } from "./operation-ids.ts";

interface Body {
  content?: Record<string, { schema: Record<string, unknown>; example?: unknown }>;
}

interface Operation {
  operationId?: string;
  tags: string[];
  security: unknown[];
  parameters: { name: string; in: string; required: boolean; schema: Record<string, unknown>; example?: unknown }[];
  requestBody?: Body;
  responses: Record<string, Body & { $ref?: string; headers?: object }>;
}

let document: {
  paths: Record<string, Record<string, Operation>>;
  tags: { name: string }[];
  components: { schemas: Record<string, Record<string, unknown>>; responses: Record<string, unknown> };
};
let operations: [name: string, operation: Operation][];
let routes: readonly Route[];

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-openapi-"));
  const env = parseEnv({ HEADROOM_DATABASE_URL: `file:${path.join(folder, "empty.db")}` });
  const runtime = await openRuntime(env, systemClock, createLog("silent"));
  // Messages of agents have a protocol of their own.
  routes = allRoutes(runtime).filter(({ spec }) => spec.path !== "/mcp");
  document = JSON.parse(JSON.stringify(createOpenApi(routes)));
  await runtime.close();
  rmSync(folder, { recursive: true });
  operations = Object.entries(document.paths).flatMap(([place, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${place}`, operation]),
  );
});

/** Every object within a value, with the path to it. */
function* objects(value: unknown, at = "#"): Generator<[at: string, object: Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [at, value as Record<string, unknown>];
  for (const [name, member] of Object.entries(value)) yield* objects(member, `${at}/${name.replaceAll("/", "~1")}`);
}

it("calls every operation by an id of its own, and names no operation that is gone", () => {
  const ids = operations.map(([, { operationId }]) => operationId);
  expect(operations.filter(([, { operationId }]) => operationId === undefined).map(([name]) => name)).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  const names = new Set(operations.map(([name]) => name));
  expect(Object.keys(OPERATION_IDS).filter((name) => !names.has(name))).toEqual([]);
});

it("refers to what is there, and describes every group", () => {
  const places = new Set([...objects(document)].map(([at]) => at));
  const dangling = [...objects(document)].filter(([, { $ref }]) => typeof $ref === "string" && !places.has($ref));
  expect(dangling).toEqual([]);
  const groups = new Set(document.tags.map(({ name }) => name));
  expect(operations.filter(([, { tags }]) => !tags.every((tag) => groups.has(tag))).map(([name]) => name)).toEqual([]);
});

it("tells numbers of the query as numbers with their bounds", () => {
  const limit = document.paths["/api/v1/sessions"]?.get?.parameters.find(({ name }) => name === "limit");
  expect(limit?.schema).toMatchObject({ type: "integer", minimum: 1, maximum: 500, default: 50 });
});

it("lets metadata have any members, and answers have more of them than are described", () => {
  const odd = [...objects(document)].filter(([, object]) => object.propertyNames !== undefined);
  expect(odd).toEqual([]);
  const closed = operations.flatMap(([name, { responses }]) =>
    [...objects(responses)]
      .filter(([, object]) => object.additionalProperties === false)
      .map(([at]) => `${name} ${at}`),
  );
  expect(closed).toEqual([]);
  const shapeless = [...objects(document)].filter(
    ([, object]) => object.type === "object" && !object.properties && object.additionalProperties === undefined,
  );
  expect(shapeless).toEqual([]);
});

it("has an example of every body, answer and required parameter that its own schema accepts", () => {
  const faults: string[] = [];
  const check = (what: string, schema: z.ZodType, example: unknown) => {
    const parsed = schema.safeParse(example);
    if (example === undefined) faults.push(`${what} has no example`);
    else if (!parsed.success) faults.push(`${what}: ${parsed.error.message}`);
  };
  for (const { spec } of routes) {
    const name = `${spec.method} ${spec.path}`;
    const operation = document.paths[spec.path]?.[spec.method];
    if (!operation) continue;
    const given = (where: string) => {
      const named = operation.parameters.filter((each) => each.in === where && each.example !== undefined);
      return Object.fromEntries(named.map((each) => [each.name, String(each.example)]));
    };
    if (spec.params) check(`${name} path`, spec.params, given("path"));
    if (spec.query) check(`${name} query`, spec.query, given("query"));
    const body = Object.values(operation.requestBody?.content ?? {});
    if (spec.body) for (const { example } of body) check(`${name} body`, spec.body, example);
    for (const [status, { schema }] of Object.entries(spec.responses)) {
      const { content = {} } = operation.responses[status] ?? {};
      if (schema) check(`${name} ${status}`, schema, content["application/json"]?.example);
    }
  }
  expect(faults).toEqual([]);
});

it("names every body and every object that is answered, and none that is gone", () => {
  const { schemas } = document.components;
  expect(Object.keys(SCHEMA_NAMES).filter((name) => !schemas[name])).toEqual([]);
  const isNamed = (schema: Record<string, unknown> | undefined) => schema?.$ref !== undefined;
  const unnamed = operations.flatMap(([name, { requestBody, responses }]) => {
    const body = requestBody?.content?.["application/json"]?.schema;
    const answers = Object.values(responses).map(({ content }) => content?.["application/json"]?.schema);
    return [body, ...answers]
      .filter((schema) => schema?.properties && !isPage(schema) && !isNamed(schema))
      .map(() => name);
  });
  expect(unnamed).toEqual([]);
});

const isPage = ({ properties }: Record<string, unknown>): boolean => Object.hasOwn(properties as object, "items");

it("tells every problem by its status, with one list of codes", () => {
  expect(document.components.schemas.Problem?.properties).toMatchObject({ code: { enum: Object.keys(PROBLEMS) } });
  const shared = operations.flatMap(([, { responses }]) => Object.entries(responses));
  const apart = shared.filter(([status, { $ref, headers }]) => Number(status) >= 400 && !$ref && !headers);
  expect(apart).toEqual([]);
  const login = document.paths["/api/v1/sessions/{id}"]?.put;
  expect(Object.keys(login?.responses ?? {})).toEqual([
    "200",
    "201",
    "400",
    "401",
    "403",
    "404",
    "408",
    "409",
    "412",
    "413",
    "415",
    "422",
    "429",
    "503",
    "507",
    "default",
  ]);
});

it("says of each operation who may call it", () => {
  const open = operations.filter(([, { security }]) => security.length === 0).map(([name]) => name);
  expect(open).toEqual([
    "get /livez",
    "get /readyz",
    "post /api/v1/auth/sign-in",
    "post /api/v1/auth/sign-out",
    "get /openapi.json",
    "get /asyncapi.json",
  ]);
});
