import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

let made = 0;
async function collection(server: TestServer, shape: Record<string, unknown> = {}): Promise<string> {
  const path = `/api/v1/collections/p${process.pid}-${made++}`;
  expect((await server.send("PUT", path, { dimensions: 3, metric: "cosine", ...shape })).status).toBe(201);
  return path;
}

/** What answers of these routes hold, each its part of it. */
interface Answer {
  matches?: { id: string }[];
  results?: { status: number }[];
  errors?: { path: string }[];
  removed?: number;
  count?: number;
}

async function post(server: TestServer, path: string, body: unknown) {
  const response = await server.send("POST", path, body);
  return { status: response.status, body: (await response.json()) as Answer };
}

async function filled(server: TestServer): Promise<string> {
  const path = await collection(server);
  const points = Array.from({ length: 10 }, (_, i) => ({
    id: `p${i}`,
    vector: [10 - i, i, 1],
    metadata: { even: i % 2 === 0 },
  }));
  expect((await server.send("PUT", `${path}/points`, { points })).status).toBe(200);
  return path;
}

test("a batch reads and deletes points by id, and by a filter that is not empty; a dry run changes nothing", async ({
  server,
}) => {
  const path = await filled(server);
  const both = await post(server, `${path}/points/batch`, { get: ["p1", "none"], delete: ["p1", "p1", "gone"] });
  expect(both).toMatchObject({
    status: 207,
    body: {
      results: [
        { op: "get", index: 0, id: "p1", status: 200, point: { id: "p1", metadata: { even: false } } },
        { op: "get", index: 1, id: "none", status: 404, problem: { code: "not-found" } },
        { op: "delete", index: 0, id: "p1", status: 204 },
        { op: "delete", index: 1, id: "p1", status: 404 },
        { op: "delete", index: 2, id: "gone", status: 404 },
      ],
    },
  });
  const filter = { even: true };
  expect(await post(server, `${path}/points/batch`, { filter, dryRun: true })).toEqual({
    status: 200,
    body: { results: [], count: 5, bytes: expect.any(Number) },
  });
  const items = async () => ((await (await server.get(path)).json()) as { items: number }).items;
  expect(await items()).toBe(9);
  for (const wrong of [
    {},
    { filter: {} },
    { filter: { and: [] } },
    { filter: { or: [{}] } },
    { filter, all: true },
    { all: false },
    { dryRun: true },
    { delete: ["p0"], filter, dryRun: true },
    { get: ["p0"], delete: ["p0"], filter: { even: { wrong: 1 } } },
    { get: Array.from({ length: 1_001 }, (_, i) => `p${i}`) },
    { delete: [1] },
    { get: ["p0"], more: 1 },
  ])
    expect((await post(server, `${path}/points/batch`, wrong)).status, JSON.stringify(wrong).slice(0, 80)).toBe(400);
  expect(await items()).toBe(9);
  expect((await post(server, `${path}/points/batch`, { filter })).body).toEqual({ results: [], removed: 5 });
  expect((await post(server, `${path}/points/batch`, { all: true })).body).toEqual({ results: [], removed: 4 });
  expect(await items()).toBe(0);
  expect((await post(server, "/api/v1/collections/never/points/batch", { get: ["a"] })).status).toBe(404);
});

test("a filter deletes every point that matches, over many pages", async ({ server }) => {
  const path = await collection(server);
  for (let from = 0; from < 2_000; from += 1_000) {
    const points = Array.from({ length: 1_000 }, (_, i) => ({
      id: `q${from + i}`,
      vector: [1, i, 2],
      metadata: { third: (from + i) % 3 === 0 },
    }));
    expect((await server.send("PUT", `${path}/points`, { points })).status).toBe(200);
  }
  expect((await post(server, `${path}/points/batch`, { filter: { third: true } })).body.removed).toBe(667);
  expect((await post(server, `${path}/points/batch`, { filter: { third: true }, dryRun: true })).body.count).toBe(0);
  expect((await (await server.get(path)).json()) as object).toMatchObject({ items: 1_333 });
});

test("a search by the id of a point leaves that point out unless it is asked for", async ({ server }) => {
  const path = await filled(server);
  const ids = async (body: object) =>
    (await post(server, `${path}/search`, body)).body.matches?.map(({ id }) => id) ?? [];
  expect(await ids({ id: "p4", k: 2 })).toEqual(await ids({ vector: [6, 4, 1], k: 3 }).then((all) => all.slice(1)));
  expect((await ids({ id: "p4", k: 3, includeSelf: true }))[0]).toBe("p4");
  expect(await ids({ id: "p4", k: 1_000, filter: { even: true } })).toHaveLength(4);
  expect((await post(server, `${path}/search`, { id: "none" })).status).toBe(404);
});

test("several searches get a result each, and a bad one fails alone under its own path", async ({ server }) => {
  const path = await filled(server);
  const good = { vector: [1, 0, 0], k: 1 };
  const all = await post(server, `${path}/search`, { searches: [good, { id: "p9", k: 1 }] });
  expect([all.status, all.body.results?.map(({ status }) => status)]).toEqual([200, [200, 200]]);
  const some = await post(server, `${path}/search`, { searches: [{ vector: [1, 0] }, good, { id: "none" }] });
  expect(some).toMatchObject({
    status: 207,
    body: {
      results: [
        { index: 0, status: 422, problem: { errors: [{ path: expect.stringMatching(/^\/searches\/0\/vector/) }] } },
        { index: 1, status: 200, matches: [{ id: "p0" }], recall: { target: 0.99 } },
        { index: 2, status: 404, problem: { errors: [{ path: "/searches/2/id" }] } },
      ],
    },
  });
  const wrong = [
    {},
    { vector: [1, 0, 0], id: "p1" },
    { searches: [] },
    { searches: [good], k: 3 },
    { searches: Array.from({ length: 33 }, () => good) },
    { searches: [{}] },
    { text: "" },
    { ...good, recallTarget: 0 },
    { ...good, recallTarget: 1.1 },
  ];
  for (const body of wrong)
    expect((await post(server, `${path}/search`, body)).status, JSON.stringify(body).slice(0, 80)).toBe(400);
});

test("a search tells the recall it was asked for and what was measured, and never makes one up", async ({ server }) => {
  const path = await filled(server);
  const search = async (more: object) => (await post(server, `${path}/search`, { vector: [1, 2, 3], ...more })).body;
  expect(await search({})).toMatchObject({ recall: { target: 0.99, measured: null }, scannedRatio: 1 });
  const { recall } = (await (await server.get(`${path}/recall`)).json()) as { recall: number };
  expect(await search({ recallTarget: 0.9 })).toMatchObject({ recall: { target: 0.9, measured: recall } });
  expect(await search({ exact: true })).toMatchObject({ recall: { target: 1, measured: null }, scannedRatio: 1 });
});

test("a text is searched for by the model's vector, and does not fit a collection of other dimensions", async ({
  server,
}) => {
  const small = await filled(server);
  const refused = await post(server, `${small}/search`, { text: "a text" });
  expect([refused.status, refused.body.errors?.[0]?.path]).toEqual([422, "/text"]);
  const path = await collection(server, { dimensions: 384 });
  const vector = Array.from({ length: 384 }, (_, i) => (i % 2) + 1);
  expect((await server.send("PUT", `${path}/points`, { points: [{ id: "t", vector }] })).status).toBe(200);
  const found = await post(server, `${path}/search`, { text: "a kitten naps", k: 1 });
  expect([found.status, found.body.matches?.length]).toEqual([200, 1]);
});

test("lists give vectors when asked, and collections come sorted by points or bytes", async ({ server }) => {
  const key = await server.createKey("consumer", `lists${process.pid}`);
  const own = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  for (const [name, count] of [
    ["b", 3],
    ["a", 1],
    ["c", 2],
  ] as const) {
    await server.send(
      "PUT",
      `/api/v1/collections/${name}`,
      { dimensions: 3, metric: "dot", precision: "float32" },
      own,
    );
    const points = Array.from({ length: count }, (_, i) => ({ id: `${i}`, vector: [i, 1, 2] }));
    await server.send("PUT", `/api/v1/collections/${name}/points`, { points }, own);
  }
  const names = async (query: string) => {
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page = (await (await server.get(`/api/v1/collections?limit=1${query}${more}`, own)).json()) as {
        items: { name: string }[];
        nextCursor: string | null;
      };
      found.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    return found.join("");
  };
  expect([await names(""), await names("&order=desc")]).toEqual(["abc", "cba"]);
  expect([await names("&sort=points"), await names("&sort=points&order=desc")]).toEqual(["acb", "bca"]);
  expect((await names("&sort=bytes")).length).toBe(3);
  expect((await server.get("/api/v1/collections?sort=size", own)).status).toBe(400);
  const list = async (query: string) =>
    ((await (await server.get(`/api/v1/collections/b/points?limit=2${query}`, own)).json()) as { items: object[] })
      .items;
  expect(await list("&includeVectors=1")).toEqual([
    { id: "0", metadata: {}, vector: [0, 1, 2] },
    { id: "1", metadata: {}, vector: [1, 1, 2] },
  ]);
  expect(await list("")).toEqual([
    { id: "0", metadata: {} },
    { id: "1", metadata: {} },
  ]);
});

test("a point's metadata is changed by a merge patch, filters see it at once, and its vector stays", async ({
  server,
}) => {
  const path = await filled(server);
  const patch = (id: string, metadata: unknown, type = "application/merge-patch+json") =>
    server.send("PATCH", `${path}/points/${id}`, { metadata }, { "content-type": type });
  const named = async (filter: object) => {
    const { matches } = (await post(server, `${path}/search`, { vector: [1, 1, 1], k: 10, filter })).body;
    return matches?.map(({ id }) => id).sort();
  };
  const before = await (await server.get(`${path}/points/p1`)).json();
  expect(await named({ even: false })).toEqual(["p1", "p3", "p5", "p7", "p9"]);
  const changed = await patch("p1", { even: true, note: { a: 1, b: [1, null] } });
  expect([changed.status, await changed.json()]).toEqual([
    200,
    { id: "p1", metadata: { even: true, note: { a: 1, b: [1, null] } }, vector: before.vector },
  ]);
  expect(await named({ even: false })).toEqual(["p3", "p5", "p7", "p9"]);
  expect(await named({ "note.a": 1 })).toEqual(["p1"]);
  await patch("p1", { even: null, note: { a: null, c: "x" } }, "application/json");
  expect(await (await server.get(`${path}/points/p1`)).json()).toEqual({
    ...before,
    metadata: { note: { b: [1, null], c: "x" } },
  });
  expect((await (await patch("p1", null)).json()).metadata).toEqual({});
  const each = Array.from({ length: 20 }, (_, at) => patch("p2", { [`k${at}`]: at }));
  for (const { status } of await Promise.all(each)) expect(status).toBe(200);
  const { metadata } = await (await server.get(`${path}/points/p2`)).json();
  expect(Object.keys(metadata)).toHaveLength(21);
});

test("a merge patch that cannot be is refused by name, and the point stays as it was", async ({ server }) => {
  const path = await filled(server);
  const send = (id: string, body: unknown, to = path) => server.send("PATCH", `${to}/points/${id}`, body);
  const before = await (await server.get(`${path}/points/p0`)).json();
  for (const body of [{}, { metadata: [] }, { metadata: "x" }, { metadata: {}, vector: [1, 2, 3] }, []])
    expect((await send("p0", body)).status, JSON.stringify(body)).toBe(400);
  expect((await send("none", { metadata: {} })).status).toBe(404);
  expect((await send("p0", { metadata: {} }, "/api/v1/collections/never")).status).toBe(404);
  await send("p0", { metadata: { text: "x".repeat(10_000) } });
  const over = await send("p0", { metadata: { more: "x".repeat(10_000) } });
  expect([over.status, await over.json()]).toMatchObject([
    413,
    { code: "item-too-large", errors: [{ path: "/metadata" }] },
  ]);
  expect(await (await server.get(`${path}/points/p0`)).json()).toEqual({
    ...before,
    metadata: { ...before.metadata, text: "x".repeat(10_000) },
  });
});
