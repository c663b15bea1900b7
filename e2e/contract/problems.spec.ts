import { readFileSync } from "node:fs";
import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";

const ID = "/api/v1/sessions/no-such-session";
const LONG = "x".repeat(300);
const JSON_TYPE = { "content-type": "application/json" };

/** A request with one fault, and where the fault is. */
const FAULTS: readonly [
  method: string,
  target: string,
  body: unknown,
  headers: Record<string, string>,
  path: string,
][] = [
  ["POST", "/api/v1/sessions", { data: 1, a: 1 }, {}, "/a"],
  ["POST", "/api/v1/sessions", { data: 1, "a/b~c": 1 }, {}, "/a~1b~0c"],
  ["POST", "/api/v1/sessions", "[]", JSON_TYPE, ""],
  ["POST", "/api/v1/cache/purge", {}, {}, ""],
  ["POST", "/api/v1/rag/query", { query: "q", filter: { a: { gt: [] } } }, {}, "/filter/a/gt"],
  ["GET", "/api/v1/sessions?limit=0", undefined, {}, "query.limit"],
  ["GET", "/api/v1/sessions?cursor=no", undefined, {}, "query.cursor"],
  ["GET", "/api/v1/sessions?bogus=1", undefined, {}, "query.bogus"],
  ["GET", "/livez?bogus=1", undefined, {}, "query.bogus"],
  ["GET", "/api/v1/sessions?limit=1&limit=2", undefined, {}, "query.limit"],
  ["GET", "/monitoring/memory/history?from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", undefined, {}, "query.from"],
  [
    "POST",
    "/api/v1/streams?target=none&format=ndjson&where=%7B%22a%22%3A%7B%22gt%22%3A%5B%5D%7D%7D",
    "{}",
    {},
    "query.where",
  ],
  ["POST", "/api/v1/streams?target=none&format=ndjson&where=%7B", "{}", {}, "query.where"],
  ["GET", `/api/v1/sessions/${LONG}`, undefined, {}, "path.id"],
  ["GET", `/api/v1/collections/${LONG}`, undefined, {}, "path.name"],
  ["GET", "/monitoring/memory/profiles/no-uuid", undefined, {}, "path.id"],
  ["GET", "/api/v1/sessions", undefined, { "x-namespace": "NOT ONE" }, "header.x-namespace"],
  ["PUT", ID, { data: 1 }, { "if-match": "unquoted" }, "header.if-match"],
  ["PUT", "/api/v1/cache/k", "v", { "cache-tag": "\u00e4" }, "header.cache-tag"],
  ["POST", "/api/v1/streams?target=none&format=ndjson", "{}", { "upload-complete": "yes" }, "header.upload-complete"],
];

test("says where a fault is in one spelling: a pointer into the body, or query, header or path with the name", async ({
  server,
}) => {
  for (const [method, target, body, headers, path] of FAULTS) {
    const response = await server.send(method, target, body, headers);
    const problem = (await response.json()) as { errors?: { path: string }[] };
    const paths = new Set(problem.errors?.map((each) => each.path));
    expect([target, response.status, ...paths]).toEqual([target, 400, path]);
  }
});

test("says in which document of a batch a fault is", async ({ server }) => {
  const response = await server.send("POST", "/api/v1/rag/documents", { documents: [{ id: "a" }] });
  const { results } = (await response.json()) as { results: { problem: { errors: { path: string }[] } }[] };
  expect(results.map(({ problem }) => problem.errors.map(({ path }) => path))).toEqual([["/documents/0/text"]]);
});

test("every code that an answer can have is in the reference, and in no other spelling", async ({ server }) => {
  const { components } = (await (await server.get("/openapi.json")).json()) as {
    components: { schemas: { Problem: { properties: { code: { enum: string[] } } } } };
  };
  const page = readFileSync("docs/reference/errors.md", "utf8");
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  expect(components.schemas.Problem.properties.code.enum).toEqual(listed);
});
