import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { systemClock } from "../../../shared/clock.ts";
import { parseEnv } from "../../env.ts";
import { createLog } from "../../observe/log.ts";
import { openRuntime } from "../../runtime.ts";
import { allRoutes } from "../routes.ts";
import { createOpenApi } from "./openapi.ts";
import { OPERATION_IDS } from "./operation-ids.ts";

interface Operation {
  operationId?: string;
  tags: string[];
  parameters: { name: string; schema: Record<string, unknown> }[];
  responses: Record<string, unknown>;
}

let document: { paths: Record<string, Record<string, Operation>>; tags: { name: string }[] };
let operations: [name: string, operation: Operation][];

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "headroom-openapi-"));
  const env = parseEnv({ HEADROOM_DATABASE_URL: `file:${path.join(folder, "empty.db")}` });
  const runtime = await openRuntime(env, systemClock, createLog("silent"));
  document = JSON.parse(JSON.stringify(createOpenApi(allRoutes(runtime))));
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
  expect(Object.keys(OPERATION_IDS).filter((name) => !names.has(name) && !/ \/(docs|openapi)/.test(name))).toEqual([]);
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
  expect(limit?.schema).toEqual({ type: "integer", minimum: 1, maximum: 500 });
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
