import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const PATH = "/api/v1/sessions";

interface Session {
  id: string;
  version: number;
  bytes: number;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  idleTimeoutSeconds: number;
  data?: unknown;
}

async function make(server: TestServer, data: unknown, more: object = {}): Promise<Session> {
  const response = await server.send("POST", PATH, { data, ...more });
  expect(response.status).toBe(201);
  return (await response.json()) as Session;
}

async function problem(response: Response): Promise<[number, string]> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const { code, requestId } = (await response.json()) as { code: string; requestId: string };
  expect(requestId).toBe(response.headers.get("x-request-id"));
  return [response.status, code];
}

const merge = { "content-type": "application/merge-patch+json" };

test("a session is made with an id of 256 random bits, read back whole, and its ETag is its version", async ({
  server,
}) => {
  const data = { name: "é 界 😀", lone: "\ud800", __proto__x: 1, list: [1, 2.5, -0, null, true], "": {} };
  const response = await server.send("POST", PATH, { data });
  const session = (await response.json()) as Session;
  expect(Buffer.from(session.id, "base64url").length).toBe(32);
  expect(response.headers.get("location")).toBe(`${PATH}/${session.id}`);
  expect(response.headers.get("etag")).toBe('"1"');
  expect(session).toMatchObject({
    version: 1,
    idleTimeoutSeconds: 1800,
    bytes: Buffer.byteLength(JSON.stringify(data)),
  });
  expect(Date.parse(session.expiresAt) - Date.parse(session.lastUsedAt)).toBe(1_800_000);
  const read = await server.get(`${PATH}/${session.id}`);
  expect(read.headers.get("content-type")).toBe("application/json; charset=utf-8");
  const text = await read.text();
  expect(JSON.parse(text)).toMatchObject({ id: session.id, version: 1 });
  expect(text).toContain(`"data":${JSON.stringify(data)}}`);
  const again = await server.get(`${PATH}/${session.id}`, { "if-none-match": '"1"' });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("__proto__ and constructor are plain members of the data", async ({ server }) => {
  const body = '{"data":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}';
  const made = await server.send("POST", PATH, body, { "content-type": "application/json" });
  const { id } = (await made.json()) as Session;
  const patch = '{"__proto__":{"more":1}}';
  expect((await server.send("PATCH", `${PATH}/${id}`, patch, merge)).status).toBe(200);
  const text = await (await server.get(`${PATH}/${id}`)).text();
  expect(text).toContain(
    '"data":{"__proto__":{"polluted":true,"more":1},"constructor":{"prototype":{"polluted":true}}}',
  );
});

test("PUT replaces, PATCH merges, DELETE ends, and each is 404 afterwards", async ({ server }) => {
  const { id } = await make(server, { a: 1, b: { c: 2 } });
  const replaced = await server.send("PUT", `${PATH}/${id}`, { data: { a: 1, b: { c: 2, d: 3 } } });
  expect([replaced.status, replaced.headers.get("etag")]).toEqual([200, '"2"']);
  const patched = await server.send("PATCH", `${PATH}/${id}`, { b: { c: null, e: 4 } }, merge);
  expect([patched.status, ((await patched.json()) as Session).version]).toEqual([200, 3]);
  const read = (await (await server.get(`${PATH}/${id}`)).json()) as Session;
  expect(read.data).toEqual({ a: 1, b: { d: 3, e: 4 } });
  expect((await server.send("DELETE", `${PATH}/${id}`)).status).toBe(204);
  for (const [method, path, body, headers] of [
    ["GET", `${PATH}/${id}`],
    ["DELETE", `${PATH}/${id}`],
    ["POST", `${PATH}/${id}/touch`],
    ["PUT", `${PATH}/${id}`, { data: 1 }],
    ["PATCH", `${PATH}/${id}`, { a: 1 }, merge],
  ] as const)
    expect(await problem(await server.send(method, path, body, headers)), method).toEqual([404, "not-found"]);
});

test("If-Match lets the version through that it names, and no other", async ({ server }) => {
  const { id } = await make(server, { n: 0 });
  const put = (tag: string) => server.send("PUT", `${PATH}/${id}`, { data: { tag } }, { "if-match": tag });
  expect((await put('"1"')).status).toBe(200);
  expect(await problem(await put('"1"'))).toEqual([412, "version-mismatch"]);
  expect(await problem(await put('W/"2"'))).toEqual([412, "version-mismatch"]);
  expect((await put('"9", "2"')).status).toBe(200);
  expect((await put("*")).status).toBe(200);
  expect((await put("nonsense")).status).toBe(400);
  const deletion = await server.send("DELETE", `${PATH}/${id}`, undefined, { "if-match": '"1"' });
  expect(deletion.status).toBe(412);
});

test("of 20 writers who name one version one wins, and of 20 merges none is lost", async ({ server }) => {
  const { id } = await make(server, {});
  const writes = await Promise.all(
    Array.from({ length: 20 }, (_, i) => server.send("PUT", `${PATH}/${id}`, { data: { i } }, { "if-match": '"1"' })),
  );
  expect(writes.map((response) => response.status).sort()).toEqual([200, ...Array(19).fill(412)]);
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => server.send("PATCH", `${PATH}/${id}`, { [`k${i}`]: i }, merge)),
  );
  const { data, version } = (await (await server.get(`${PATH}/${id}`)).json()) as Session;
  expect([Object.keys(data as object).length, version]).toEqual([21, 22]);
});

test("a session ends after its idle timeout; GET and touch slide it, a list does not", async ({ server }) => {
  const used = await make(server, 1, { idleTimeoutSeconds: 2 });
  const listed = await make(server, 2, { idleTimeoutSeconds: 2 });
  const alive = async (id: string) => (await server.send("POST", `${PATH}/${id}/touch`)).status;
  for (let i = 0; i < 3; i++) {
    await expect
      .poll(async () => Date.now(), { intervals: [100] })
      .toBeGreaterThan(Date.parse(used.createdAt) + (i + 1) * 900);
    expect(await alive(used.id)).toBe(200);
    await server.get(PATH);
  }
  expect(await problem(await server.get(`${PATH}/${listed.id}`))).toEqual([404, "not-found"]);
});

test("the list pages through a namespace's sessions, newest first, without data", async ({ server }) => {
  const key = await server.createKey("consumer", "paging");
  const auth = { authorization: `Bearer ${key}` };
  const ids: string[] = [];
  for (let i = 0; i < 7; i++)
    ids.unshift(((await (await server.send("POST", PATH, { data: i }, auth)).json()) as Session).id);
  const listed: string[] = [];
  let cursor = "";
  do {
    const page = await server.get(`${PATH}?limit=3${cursor}`, auth);
    const { items, nextCursor } = (await page.json()) as { items: Session[]; nextCursor: string | null };
    expect(items.every((item) => !("data" in item))).toBe(true);
    listed.push(...items.map((item) => item.id));
    cursor = nextCursor === null ? "" : `&cursor=${nextCursor}`;
  } while (cursor !== "");
  expect(listed.toSorted()).toEqual(ids.toSorted());
  expect((await server.get(`${PATH}?cursor=bm90aGluZw`, auth)).status).toBe(400);
  expect((await server.get(`${PATH}?limit=501`, auth)).status).toBe(400);
});

test("T26 T30: another namespace's session is 404 to every method, a viewer is 403", async ({ server }) => {
  const { id } = await make(server, { secret: true });
  const other = { authorization: `Bearer ${await server.createKey("consumer", "elsewhere")}` };
  for (const [method, path, body, type] of [
    ["GET", `${PATH}/${id}`],
    ["PUT", `${PATH}/${id}`, { data: 1 }],
    ["PATCH", `${PATH}/${id}`, { a: 1 }, merge["content-type"]],
    ["POST", `${PATH}/${id}/touch`],
    ["DELETE", `${PATH}/${id}`],
  ] as const) {
    const response = await server.send(method, path, body, { ...other, ...(type ? { "content-type": type } : {}) });
    expect(await problem(response), method).toEqual([404, "not-found"]);
  }
  const viewer = { authorization: `Bearer ${await server.createKey("viewer")}` };
  expect((await server.get(`${PATH}/${id}`, viewer)).status).toBe(403);
  expect((await server.get(`${PATH}/${id}`)).status).toBe(200);
});

test("T29: an id that the caller made up is never adopted", async ({ server }) => {
  for (const id of ["A".repeat(43), `${"A".repeat(42)}B`, "x", "__proto__", "%F0%9F%98%80"]) {
    expect((await server.send("PUT", `${PATH}/${id}`, { data: 1 })).status, id).toBe(404);
    expect((await server.get(`${PATH}/${id}`)).status, id).toBe(404);
  }
  expect((await server.send("POST", PATH, { id: "A".repeat(43), data: 1 })).status).toBe(400);
});

test("what does not fit the schema is 400, another media type 415, data over 1 MiB 413", async ({ server }) => {
  const { id } = await make(server, "kept");
  for (const body of [
    {},
    { data: 1, more: 2 },
    { data: 1, idleTimeoutSeconds: 0 },
    { data: 1, idleTimeoutSeconds: 1.5 },
  ])
    expect((await server.send("POST", PATH, body)).status, JSON.stringify(body)).toBe(400);
  expect((await server.send("POST", PATH, '{"data":', { "content-type": "application/json" })).status).toBe(400);
  expect((await server.send("PATCH", `${PATH}/${id}`, { a: 1 })).status).toBe(400);
  expect((await server.send("PATCH", `${PATH}/${id}`, "a=1", { "content-type": "text/plain" })).status).toBe(415);
  const large = { data: "x".repeat(1_048_576) };
  expect(await problem(await server.send("POST", PATH, large))).toEqual([413, "item-too-large"]);
  expect(await problem(await server.send("PUT", `${PATH}/${id}`, large))).toEqual([413, "item-too-large"]);
  expect(((await (await server.get(`${PATH}/${id}`)).json()) as Session).data).toBe("kept");
  expect((await server.send("POST", PATH, { data: "x".repeat(1_048_574) })).status).toBe(201);
});

test("sessions are described in OpenAPI and counted in the report", async ({ server }) => {
  await make(server, 1);
  const openapi = (await (await server.get("/openapi.json")).json()) as { paths: Record<string, object> };
  expect(Object.keys(openapi.paths[PATH] ?? {}).sort()).toEqual(["delete", "get", "post"]);
  const report = (await (await server.get("/monitoring/memory")).json()) as {
    stores: { store: string; items: number; maxItems: number; bytes: number; policy: string }[];
    sample: { breakdown: { component: string; bytes: number }[] };
  };
  const stats = report.stores.find((store) => store.store === "sessions");
  expect(stats).toMatchObject({ maxItems: 500, policy: "lru" });
  expect(stats?.items).toBeGreaterThan(0);
  expect(stats?.bytes).toBeGreaterThan(0);
});
