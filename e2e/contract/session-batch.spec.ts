import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const PATH = "/api/v1/sessions";

interface Result {
  op: string;
  index: number;
  id: string;
  status: number;
  session?: { id: string; data: unknown; version: number; lastUsedAt: string };
  problem?: { code: string };
}

async function batch(server: TestServer, body: unknown, headers: Record<string, string> = {}) {
  const response = await server.send("POST", `${PATH}/batch`, body, headers);
  return { status: response.status, results: ((await response.json()) as { results: Result[] }).results };
}

async function create(server: TestServer, data: unknown): Promise<{ id: string; lastUsedAt: string }> {
  const response = await server.send("POST", PATH, { data });
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; lastUsedAt: string };
}

test("a batch reads sessions in order and then ends some, and a missing one is a plain miss", async ({ server }) => {
  const [a, b] = [await create(server, { n: "é" }), await create(server, [1e21, 0.1])];
  const own = 'own-"id"-0123456789-é-0123';
  const made = await server.send("PUT", `${PATH}/${encodeURIComponent(own)}`, { data: 3 }, { "if-none-match": "*" });
  expect(made.status).toBe(201);
  const { status, results } = await batch(server, {
    get: [b.id, "unknown", a.id, own, b.id],
    delete: [a.id, "x", a.id],
  });
  expect(status).toBe(200);
  expect(results.map(({ op, index, id, status: each }) => [op, index, id, each])).toEqual([
    ["get", 0, b.id, 200],
    ["get", 1, "unknown", 404],
    ["get", 2, a.id, 200],
    ["get", 3, own, 200],
    ["get", 4, b.id, 200],
    ["delete", 0, a.id, 204],
    ["delete", 1, "x", 404],
    ["delete", 2, a.id, 404],
  ]);
  expect(results[0]?.session).toMatchObject({ id: b.id, data: [1e21, 0.1], version: 1 });
  expect([results[2]?.session?.data, results[3]?.session?.id]).toEqual([{ n: "é" }, own]);
  expect(results[1]?.problem).toMatchObject({ code: "not-found", status: 404 });
  expect((await server.get(`${PATH}/${a.id}`)).status).toBe(404);
  expect((await server.get(`${PATH}/${b.id}`)).status).toBe(200);
});

test("a get of a batch is a use of the session", async ({ server }) => {
  const { id, lastUsedAt } = await create(server, 1);
  await expect.poll(() => Date.now() > Date.parse(lastUsedAt), { message: "a later millisecond" }).toBe(true);
  const { results } = await batch(server, { get: [id] });
  expect((results[0]?.session?.lastUsedAt ?? "") > lastUsedAt).toBe(true);
});

test("a batch that peeks reads sessions without using them", async ({ server }) => {
  const made = await create(server, 1);
  await expect.poll(() => Date.now() > Date.parse(made.lastUsedAt), { message: "a later millisecond" }).toBe(true);
  const { status, results } = await batch(server, { get: [made.id, "nobody-has-this-long-id"], peek: true });
  expect([status, ...results.map((result) => result.status)]).toEqual([200, 200, 404]);
  const looked = await server.get(`${PATH}/${made.id}?peek=1`);
  const { lastUsedAt } = (await looked.json()) as { lastUsedAt: string };
  expect([results[0]?.session?.lastUsedAt, lastUsedAt]).toEqual([made.lastUsedAt, made.lastUsedAt]);
});

test("a batch sees the sessions of its namespace alone", async ({ server }) => {
  const { id } = await create(server, 1);
  const elsewhere = await batch(server, { get: [id], delete: [id] }, { "x-namespace": "elsewhere" });
  expect([elsewhere.status, elsewhere.results.map(({ status }) => status)]).toEqual([200, [404, 404]]);
  expect((await server.get(`${PATH}/${id}`)).status).toBe(200);
});

test("an answer is not larger than maxBodyMb: what does not fit is 413 by itself", async ({ server }) => {
  const large = await create(server, "x".repeat(1_000_000));
  const small = await create(server, "y");
  const response = await server.send("POST", `${PATH}/batch`, { get: [...Array(20).fill(large.id), small.id] });
  const text = await response.text();
  expect(text.length).toBeLessThanOrEqual(8 * 1_048_576);
  const { results } = JSON.parse(text) as { results: Result[] };
  expect(response.status).toBe(207);
  expect(results.map(({ status }) => status)).toEqual([...Array(8).fill(200), ...Array(12).fill(413), 200]);
  expect(results[8]?.problem?.code).toBe("body-too-large");
  expect((await batch(server, { delete: [large.id, small.id] })).status).toBe(200);
});

test("a batch that names nothing, too much or no ids is 400, tells the field, and ends nothing", async ({ server }) => {
  const { id } = await create(server, 1);
  const cases: [unknown, string][] = [
    [{}, ""],
    [{ get: [], delete: [] }, ""],
    [{ get: Array(101).fill(id) }, "/get"],
    [{ get: Array(60).fill(id), delete: Array(41).fill(id) }, ""],
    [{ get: [id, ""], delete: [id] }, "/get/1"],
    [{ delete: [id, 7] }, "/delete/1"],
    [{ delete: [id, ".."] }, "/delete/1"],
    [{ delete: [id], set: [] }, "/set"],
    [{ delete: id }, "/delete"],
    [{ delete: [id], peek: "true" }, "/peek"],
    [[id], ""],
  ];
  for (const [body, path] of cases) {
    const response = await server.send("POST", `${PATH}/batch`, body);
    const problem = (await response.json()) as { code: string; errors: { path: string }[] };
    expect([response.status, problem.code, problem.errors[0]?.path], JSON.stringify(body).slice(0, 80)).toEqual([
      400,
      "validation-failed",
      path,
    ]);
  }
  expect((await server.get(`${PATH}/${id}`)).status).toBe(200);
});
