import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

/** Every test has a collection of its own: they share a server. */
let made = 0;
async function collection(server: TestServer, shape: Record<string, unknown> = {}): Promise<string> {
  const path = `/api/v1/collections/c${process.pid}-${made++}`;
  const response = await server.send("PUT", path, { dimensions: 3, metric: "cosine", ...shape });
  expect(response.status).toBe(201);
  return path;
}

const json = async (response: Response) => (await response.json()) as Record<string, never>;

async function put(
  server: TestServer,
  path: string,
  points: unknown[],
): Promise<{ status: number; body: Record<string, never> }> {
  const response = await server.send("PUT", `${path}/points`, { points });
  return { status: response.status, body: await json(response) };
}

async function search(server: TestServer, path: string, body: Record<string, unknown>) {
  const response = await server.send("POST", `${path}/search`, body);
  return {
    status: response.status,
    body: (await response.json()) as {
      matches: { id: string; score: number; metadata: unknown; vector?: number[] }[];
      tier: object;
      code: string;
      detail: string;
    },
  };
}

test("a collection is created once, confirmed in the same shape, and 409 in another", async ({ server }) => {
  const path = await collection(server);
  expect((await server.send("PUT", path, { dimensions: 3, metric: "cosine" })).status).toBe(200);
  expect((await server.send("PUT", path, { dimensions: 4, metric: "cosine" })).status).toBe(409);
  expect((await server.send("PUT", path, { dimensions: 3, metric: "cosine", precision: "int8" })).status).toBe(409);
  expect(await json(await server.get(path))).toMatchObject({ precision: "int16", items: 0, hitRatio: null });
  expect((await server.send("DELETE", path)).status).toBe(204);
  expect((await server.get(path)).status).toBe(404);
  expect((await server.send("POST", `${path}/search`, { vector: [1, 0, 0] })).status).toBe(404);
});

test("dimensions outside 1–4,096 and more than 1,000 points a call are 400 and name the limit", async ({ server }) => {
  for (const dimensions of [0, 4_097, 1.5]) {
    const response = await server.send("PUT", "/api/v1/collections/never", { dimensions, metric: "cosine" });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain("dimensions");
  }
  const path = await collection(server);
  const points = Array.from({ length: 1_001 }, (_, i) => ({ id: `p${i}`, vector: [1, 0, 0] }));
  const { status, body } = await put(server, path, points);
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain("1000");
});

test("T08 T09 T10 T11: points that cannot be meant are refused by index with the reason, and the good ones land", async ({
  server,
}) => {
  const path = await collection(server);
  const text = `{"points":[{"id":"good","vector":[1,0,0]},{"id":"null","vector":[1,null,0]},{"id":"infinite","vector":[1,1e400,0]},
    {"id":"text","vector":[1,"2",0]},{"id":"short","vector":[1,0]},{"id":"zero","vector":[0,0,0]},{"id":"large","vector":[65505,0,0]},
    {"id":"also-good","vector":[65504,-0,0]}]}`;
  const response = await server.send("PUT", `${path}/points`, text, { "content-type": "application/json" });
  expect(response.status).toBe(207);
  const { upserted, results } = (await response.json()) as {
    upserted: number;
    results: { index: number; id: string; status: number; problem: { detail: string; requestId: string } }[];
  };
  expect(upserted).toBe(2);
  expect(results.map(({ index, status }) => [index, status])).toEqual([1, 2, 3, 4, 5, 6].map((index) => [index, 422]));
  expect(results.map(({ problem }) => problem.detail)).toEqual([
    expect.stringContaining("vector[1] is not a finite number"),
    expect.stringContaining("vector[1] is not a finite number"),
    expect.stringContaining("vector[1] is not a finite number"),
    expect.stringContaining("2 dimensions, the collection has 3"),
    expect.stringContaining("zero"),
    expect.stringContaining("65,504"),
  ]);
  expect(await json(await server.get(path))).toMatchObject({ items: 2 });
  const { body } = await search(server, path, { vector: [1, 0, 0] });
  expect(body.matches.map(({ id }) => id)).toEqual(["also-good", "good"]);
});

test("T09 T10 T15: a search that cannot be meant is 422, one that does not fit is 400", async ({ server }) => {
  const path = await collection(server);
  expect((await search(server, path, { vector: [1, 0] })).status).toBe(422);
  expect((await search(server, path, { vector: [0, 0, 0] })).status).toBe(422);
  for (const wrong of [
    { k: 0 },
    { k: -1 },
    { k: 1e9 },
    { k: 1.5 },
    { k: "10" },
    { extra: 1 },
    { filter: { a: { near: 1 } } },
    { vector: [1, null, 0] },
    { vector: "abc" },
  ]) {
    expect((await search(server, path, { vector: [1, 0, 0], ...wrong })).status).toBe(400);
  }
  let deep: unknown = { a: 1 };
  for (let i = 0; i < 30; i++) deep = { not: deep };
  expect((await search(server, path, { vector: [1, 0, 0], filter: deep })).status).toBe(400);
});

test("T12: of one id given twice the last lands, and the count is exact", async ({ server }) => {
  const path = await collection(server);
  await put(server, path, [
    { id: "a", vector: [1, 0, 0] },
    { id: "b", vector: [0, 1, 0] },
  ]);
  const { status, body } = await put(server, path, [
    { id: "a", vector: [0, 1, 0] },
    { id: "a", vector: [0, 0, 1], metadata: { v: 2 } },
  ]);
  expect([status, body]).toEqual([200, { upserted: 1 }]);
  expect(await json(await server.get(path))).toMatchObject({ items: 2 });
  expect(await json(await server.get(`${path}/points/a`))).toEqual({ id: "a", metadata: { v: 2 }, vector: [0, 0, 1] });
});

test("T13 T14 T17: ids and names of any script, and of SQL, come back as they were sent", async ({ server }) => {
  const path = await collection(server);
  const ids = [
    "e\u0301",
    "\u00e9",
    "\u202eabc",
    "😀",
    '\'; DROP TABLE "VectorPoint"; --',
    "a/b?c#d",
    "__proto__",
    "constructor",
    "x".repeat(256),
  ];
  const { status } = await put(
    server,
    path,
    ids.map((id) => ({ id, vector: [1, 2, 3], metadata: { id } })),
  );
  expect(status).toBe(200);
  for (const id of ids) {
    const point = await json(await server.get(`${path}/points/${encodeURIComponent(id)}`));
    expect([point.id, point.metadata]).toEqual([id, { id }]);
  }
  const { body } = await search(server, path, { vector: [1, 2, 3], k: 20 });
  expect(body.matches.map(({ id }) => id)).toEqual([...ids].sort());
  for (const id of ["", "x".repeat(257), "a\nb", ".", "a\u0000"]) {
    expect((await put(server, path, [{ id, vector: [1, 0, 0] }])).status).toBe(400);
  }
});

test("T07: a metadata key __proto__ is data and pollutes nothing", async ({ server }) => {
  const path = await collection(server);
  const text = `{"points":[{"id":"a","vector":[1,0,0],"metadata":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}]}`;
  await server.send("PUT", `${path}/points`, text, { "content-type": "application/json" });
  expect(await (await server.get(`${path}/points/a`)).text()).toContain('"__proto__":{"polluted":1}');
  const { body } = await search(server, path, { vector: [1, 0, 0], filter: { polluted: { exists: true } } });
  expect(body.matches).toEqual([]);
});

test("a filter applies before the top k: k matches come as long as k match", async ({ server }) => {
  const path = await collection(server);
  const points = Array.from({ length: 500 }, (_, i) => ({
    id: `p${i}`,
    vector: [1, i / 500, 0],
    metadata: { n: i, tag: i % 50 === 0 ? ["rare", "x"] : "common" },
  }));
  await put(server, path, points);
  const { body } = await search(server, path, { vector: [1, 0, 0], k: 10, filter: { tag: "rare" } });
  expect(body.matches.map(({ id }) => id)).toEqual([0, 50, 100, 150, 200, 250, 300, 350, 400, 450].map((n) => `p${n}`));
  const range = await search(server, path, {
    vector: [1, 0, 0],
    k: 3,
    filter: { and: [{ n: { gte: 100, lt: 200 } }, { not: { n: 100 } }] },
  });
  expect(range.body.matches.map(({ id }) => id)).toEqual(["p101", "p102", "p103"]);
  const listed = (await (
    await server.get(`${path}/points?limit=5&filter=${encodeURIComponent('{"tag":"rare"}')}`)
  ).json()) as { items: { id: string }[]; nextCursor: string };
  expect(listed.items.map(({ id }) => id)).toEqual(["p0", "p50", "p100", "p150", "p200"]);
  const rest = (await (
    await server.get(
      `${path}/points?limit=50&cursor=${listed.nextCursor}&filter=${encodeURIComponent('{"tag":"rare"}')}`,
    )
  ).json()) as typeof listed;
  expect([rest.items.length, rest.nextCursor]).toEqual([5, null]);
  expect((await server.get(`${path}/points?filter=nonsense`)).status).toBe(400);
  expect((await server.get(`${path}/points?cursor=AAAA!`)).status).toBe(400);
});

test("metrics score as documented; minScore, includeVectors and exact do what they say; ties go by id", async ({
  server,
}) => {
  const points = [
    { id: "far", vector: [0, 3, 4] },
    { id: "b", vector: [2, 0, 0] },
    { id: "a", vector: [2, 0, 0] },
  ];
  const expected = {
    cosine: [
      ["a", 1],
      ["b", 1],
      ["far", 0],
    ],
    dot: [
      ["a", 2],
      ["b", 2],
      ["far", 0],
    ],
    euclidean: [
      ["a", -1],
      ["b", -1],
      ["far", -Math.sqrt(26)],
    ],
  } as const;
  for (const metric of ["cosine", "dot", "euclidean"] as const) {
    for (const precision of ["float32", "float16", "int16", "int8"]) {
      const path = await collection(server, { metric, precision });
      await put(server, path, points);
      for (const exact of [false, true]) {
        const { body } = await search(server, path, { vector: [1, 0, 0], exact, includeVectors: true });
        expect(body.matches.map(({ id }) => id)).toEqual(expected[metric].map(([id]) => id));
        for (const [i, { score, vector }] of body.matches.entries()) {
          expect(score).toBeCloseTo(expected[metric][i]?.[1] ?? Number.NaN, precision === "int8" ? 1 : 3);
          expect(vector).toHaveLength(3);
        }
      }
      const near = await search(server, path, { vector: [1, 0, 0], minScore: metric === "euclidean" ? -1.5 : 0.5 });
      expect(near.body.matches).toHaveLength(2);
    }
  }
});

test("metadata over 16 KB is refused by its index as too large", async ({ server }) => {
  const path = await collection(server);
  const { status, body } = await put(server, path, [
    { id: "small", vector: [1, 0, 0], metadata: { text: "x".repeat(16_000) } },
    { id: "large", vector: [1, 0, 0], metadata: { text: "x".repeat(16_384) } },
  ]);
  expect(status).toBe(207);
  expect(body).toMatchObject({ upserted: 1, results: [{ index: 1, id: "large", status: 413 }] });
});

test("T26: another namespace's collections are not there", async ({ server }) => {
  const path = await collection(server);
  await put(server, path, [{ id: "a", vector: [1, 0, 0] }]);
  const key = await server.createKey("consumer", "elsewhere");
  const as = { authorization: `Bearer ${key}` };
  expect((await server.get(path, as)).status).toBe(404);
  expect((await server.send("POST", `${path}/search`, { vector: [1, 0, 0] }, as)).status).toBe(404);
  expect((await server.send("PUT", `${path}/points`, { points: [] }, as)).status).toBe(404);
  expect((await server.get(`${path}/points/a`, as)).status).toBe(404);
  expect((await server.send("DELETE", path, undefined, as)).status).toBe(404);
  expect((await server.send("PUT", path, { dimensions: 8, metric: "dot" }, as)).status).toBe(201);
  expect(await json(await server.get(path))).toMatchObject({ dimensions: 3, items: 1 });
  const viewer = await server.createKey("viewer");
  expect((await server.get(path, { authorization: `Bearer ${viewer}` })).status).toBe(403);
});

test("a point is deleted once; recall of the present tiers is measured", async ({ server }) => {
  const path = await collection(server);
  await put(
    server,
    path,
    Array.from({ length: 60 }, (_, i) => ({ id: `p${i}`, vector: [Math.cos(i), Math.sin(i), 0.5] })),
  );
  expect((await server.send("DELETE", `${path}/points/p7`)).status).toBe(204);
  expect((await server.send("DELETE", `${path}/points/p7`)).status).toBe(404);
  expect((await server.get(`${path}/points/p7`)).status).toBe(404);
  const { body } = await search(server, path, { vector: [Math.cos(7), Math.sin(7), 0.5], k: 60 });
  expect(body.matches.map(({ id }) => id)).not.toContain("p7");
  expect(body.tier).toEqual({ hot: 59, cold: 0 });
  expect(await json(await server.get(`${path}/recall?sample=20`))).toMatchObject({ recall: 1, k: 10, sample: 20 });
  expect((await server.get(`${path}/recall?sample=0`)).status).toBe(400);
});

test("float16 is IEEE half: halves come back as they were sent, what is out of range is refused with its path", async ({
  server,
}) => {
  const path = await collection(server, { metric: "dot", precision: "float16" });
  const points = [
    { id: "one", vector: [60_000, 1, 0] },
    { id: "two", vector: [60_000, 2, 0] },
    { id: "half", vector: [60_000, 0.5, 0] },
  ];
  expect((await put(server, path, points)).status).toBe(200);
  for (const exact of [true, false]) {
    const { body } = await search(server, path, { vector: [0, 1, 0], k: 3, exact, includeVectors: true });
    expect(body.matches.map(({ id, score, vector }) => ({ id, score, vector }))).toEqual([
      { id: "two", score: 2, vector: [60_000, 2, 0] },
      { id: "one", score: 1, vector: [60_000, 1, 0] },
      { id: "half", score: 0.5, vector: [60_000, 0.5, 0] },
    ]);
  }
  expect(await json(await server.get(`${path}/points/one`))).toMatchObject({ vector: [60_000, 1, 0] });
  const { status, body } = await put(server, path, [{ id: "large", vector: [0, 65_520, 0] }]);
  expect(status).toBe(207);
  expect(body).toMatchObject({ results: [{ status: 422, problem: { errors: [{ path: "/points/0/vector/1" }] } }] });
  expect(await json(await server.get(path))).toMatchObject({
    precision: "float16",
    quantization: { meanError: 0, maxError: 0, vectors: 3 },
  });
});

test("recall tells what int8 loses of what was sent, and what it was compared with", async ({ server }) => {
  const path = await collection(server, { dimensions: 32, metric: "euclidean", precision: "int8" });
  const points = Array.from({ length: 1_000 }, (_, i) => ({
    id: `p${i}`,
    vector: Array.from({ length: 32 }, (_, at) => (at === 0 ? 1_000 : Math.sin(i * 7.3 + at * at * 1.7))),
  }));
  expect((await put(server, path, points)).status).toBe(200);
  const report = (await json(await server.get(`${path}/recall?sample=100`))) as Record<string, unknown>;
  expect(report).toMatchObject({ against: "sent", comparedPoints: 1_000, points: 1_000, sample: 100 });
  expect(report.recall).toBeLessThan(0.2);
  const { quantization } = (await json(await server.get(path))) as {
    quantization?: { meanError: number; maxError: number; vectors: number };
  };
  expect(quantization?.vectors).toBe(1_000);
  expect(quantization?.maxError).toBeGreaterThan(0.5);
  expect(quantization?.meanError).toBeGreaterThan(0.1);
});
