import { expect } from "@playwright/test";
import { cacheBatchResultSchema, cacheListSchema } from "../../lib/contracts/cache.ts";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const BASE = "/api/v1/cache";

const put = (server: TestServer, key: string, body: string, headers: Record<string, string> = {}) =>
  server.send("PUT", `${BASE}/${key}`, body, { "content-type": "text/plain", ...headers });

async function json<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

test.beforeEach(async ({ server }) => {
  await server.send("POST", `${BASE}/purge`, { all: true });
});

test("a stale response goes to all at once and its lease to one; the fill makes it fresh", async ({ server }) => {
  const swr = { "cache-control": "max-age=0, stale-while-revalidate=60", "cache-tag": "a" };
  expect((await put(server, "k", "old", swr)).status).toBe(201);
  const found = await Promise.all(Array.from({ length: 20 }, () => server.get(`${BASE}/k?leaseSeconds=300`)));
  for (const response of found) {
    expect([response.status, await response.text(), response.headers.get("x-cache")]).toEqual([200, "old", "HIT"]);
    expect(response.headers.get("cache-status")).toMatch(/^headroom; hit; stale; ttl=-\d+$/);
  }
  const leases = found.flatMap(({ headers }) => headers.get("x-fill-lease") ?? []);
  expect(leases).toHaveLength(1);
  const head = await server.send("HEAD", `${BASE}/k`);
  expect([head.headers.get("cache-tag"), head.headers.get("x-fill-lease")]).toEqual(["a", null]);
  expect((await put(server, "k", "new", { "x-fill-lease": leases[0] ?? "" })).status).toBe(204);
  const fresh = await server.get(`${BASE}/k`);
  expect([await fresh.text(), fresh.headers.get("x-fill-lease")]).toEqual(["new", null]);
  expect(fresh.headers.get("cache-status")).toMatch(/^headroom; hit; ttl=\d+$/);
});

test("a soft purge of several tags marks as stale, and a dry run only counts", async ({ server }) => {
  await put(server, "p%2F1", "1", { "cache-tag": "red" });
  await put(server, "p%2F2", "2", { "cache-tag": "blue, green" });
  await put(server, "q", "3", { "cache-tag": "red" });
  const purge = async (body: object) => json(await server.send("POST", `${BASE}/purge`, body));
  const which = { tags: ["red", "blue"], prefix: "p/" };
  expect(await purge({ ...which, dryRun: true })).toEqual({ count: 2, bytes: expect.any(Number) });
  expect(await purge({ ...which, soft: true })).toEqual({ removed: 0, markedStale: 2 });
  const { items } = cacheListSchema.parse(await json(await server.get(`${BASE}?sort=bytes`)));
  expect(items.map(({ key, stale }) => [key, stale]).toSorted()).toEqual([
    ["p/1", true],
    ["p/2", true],
    ["q", false],
  ]);
  const stale = await server.get(`${BASE}/p%2F1`);
  expect([stale.status, stale.headers.get("cache-status")]).toEqual([200, expect.stringContaining("hit; stale")]);
  expect(await purge(which)).toEqual({ removed: 2, markedStale: 0 });
});

test("tags and notes come back with the body, in lists and batches; a batch deletes too", async ({ server }) => {
  const meta = '{"at":1764423000000}';
  const tags = Array.from({ length: 128 }, (_, i) => `${i}-`.padEnd(256, "t"));
  await put(server, "k", "x", { "cache-tag": "b, a, b", "cache-meta": meta });
  const read = await server.get(`${BASE}/k`);
  expect([read.headers.get("cache-tag"), read.headers.get("cache-meta")]).toEqual(["b,a", meta]);
  const batch = async (body: object) => {
    const response = await server.send("POST", `${BASE}/batch`, body);
    return { status: response.status, ...cacheBatchResultSchema.parse(await response.json()) };
  };
  const longKey = "é".repeat(512);
  expect(
    await batch({ set: [{ key: longKey, body: "eA==", tags, meta: "note", staleWhileRevalidateSeconds: 9 }] }),
  ).toEqual({ status: 200, results: [{ op: "set", index: 0, id: longKey, status: 201 }] });
  expect((await server.get(`${BASE}/${encodeURIComponent(longKey)}`)).headers.get("cache-meta")).toBe("note");
  const both = await batch({ get: ["k", longKey, "none"], delete: ["k", "none"] });
  expect(both).toMatchObject({
    status: 200,
    results: [
      { op: "get", status: 200, tags: ["b", "a"], meta, stale: false },
      { op: "get", status: 200, tags, meta: "note" },
      { op: "get", status: 404 },
      { op: "delete", index: 0, status: 204 },
      { op: "delete", index: 1, status: 404, problem: { code: "not-found" } },
    ],
  });
  const { items } = cacheListSchema.parse(await json(await server.get(BASE)));
  expect(items).toMatchObject([{ key: longKey, tags, meta: "note" }]);
});

test("a fill lease lasts as long as asked, is renewed by its holder, and given back", async ({ server }) => {
  const taken = await server.get(`${BASE}/long?leaseSeconds=300`);
  const lease = { "x-fill-lease": taken.headers.get("x-fill-lease") ?? "" };
  const renewed = await server.get(`${BASE}/long?leaseSeconds=299`, lease);
  expect([renewed.status, renewed.headers.get("x-fill-lease")]).toEqual([404, lease["x-fill-lease"]]);
  const other = await server.get(`${BASE}/long`, { "x-fill-lease": "another" });
  expect([other.status, (await json<{ code: string }>(other)).code]).toEqual([409, "lease-expired"]);
  expect((await server.send("DELETE", `${BASE}/long`, undefined, lease)).status).toBe(204);
  expect((await server.get(`${BASE}/long`, lease)).status).toBe(409);
});

test("with lease=0 neither a miss nor a stale response grants a lease, and a holder's token still renews", async ({
  server,
}) => {
  const look = async (key: string, headers: Record<string, string> = {}) => {
    const response = await server.get(`${BASE}/${key}?lease=0`, headers);
    return [response.status, response.headers.get("x-fill-lease"), response.headers.get("x-fill-pending")];
  };
  expect(await look("absent")).toEqual([404, null, null]);
  await put(server, "old", "x", { "cache-control": "max-age=0, stale-while-revalidate=60" });
  expect(await look("old")).toEqual([200, null, null]);
  for (const key of ["absent", "old"]) {
    const token = (await server.get(`${BASE}/${key}`)).headers.get("x-fill-lease") ?? "none";
    expect((await look(key))[1], key).toBeNull();
    expect((await look(key, { "x-fill-lease": token }))[1], key).toBe(token);
  }
  for (const [query, path] of [
    ["lease=0&wait=0", "query.wait"],
    ["lease=false&leaseSeconds=5", "query.leaseSeconds"],
    ["lease=no", "query.lease"],
    ["lease=0&lease=1", "query.lease"],
  ]) {
    const response = await server.get(`${BASE}/absent?${query}`);
    const { errors } = await json<{ errors: { path: string }[] }>(response);
    expect([response.status, errors[0]?.path], query).toEqual([400, path]);
  }
});

test("lists sorted by size page through every entry once, and take no cursor of another order", async ({ server }) => {
  for (const [index, key] of ["b", "d", "a", "c"].entries()) await put(server, key, "x".repeat(index + 1));
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page = await json<{ items: { key: string }[]; nextCursor: string | null }>(
      await server.get(`${BASE}?sort=bytes&order=desc&limit=3${more}`),
    );
    seen.push(...page.items.map(({ key }) => key));
    cursor = page.nextCursor;
    if (cursor !== null) expect((await server.get(`${BASE}?sort=bytes&order=asc&cursor=${cursor}`)).status).toBe(400);
  }
  expect(seen).toEqual(["c", "a", "d", "b"]);
});
