import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const PATH = "/api/v1/sessions";
const json = { "content-type": "application/json" };

interface Session {
  id: string;
  version: number;
  tags: string[];
  data?: unknown;
}

async function ok<Body = Session>(response: Response, status = 200): Promise<Body> {
  expect(response.status).toBe(status);
  return (await response.json()) as Body;
}

const create = async (server: TestServer, own: Record<string, string>, tags?: string[]): Promise<Session> =>
  ok(await server.send("POST", PATH, { data: { n: 1 }, tags }, own), 201);

const query = (tag: string): string => `tag=${encodeURIComponent(tag)}`;

test("tags are told in every answer, kept by what does not name them, and each is kept once", async ({ server }) => {
  const own = { "x-namespace": "tags-kept" };
  const made = await create(server, own, ["user:ada", 'é, "x"', "user:ada"]);
  const kept = ["user:ada", 'é, "x"'];
  expect(made.tags).toEqual(kept);
  const at = `${PATH}/${made.id}`;
  expect((await ok(await server.get(at, own))).tags).toEqual(kept);
  expect((await ok(await server.get(`${at}?peek=1`, own))).tags).toEqual(kept);
  expect((await ok(await server.send("PUT", at, { data: 2 }, own))).tags).toEqual(kept);
  expect((await ok(await server.send("POST", `${at}/touch`, {}, own))).tags).toEqual(kept);
  const merge = { ...own, "content-type": "application/merge-patch+json" };
  expect((await ok(await server.send("PATCH", at, { tags: ["data"] }, merge))).tags).toEqual(kept);
  const changed = await ok(await server.send("PATCH", at, { tags: ["web"] }, { ...own, ...json }));
  expect([changed.tags, changed.version]).toEqual([["web"], 4]);
  expect((await ok(await server.get(at, own))).data).toEqual({ tags: ["data"] });
  expect((await ok(await server.send("PUT", at, { data: 3, tags: [] }, own))).tags).toEqual([]);
  expect((await create(server, own)).tags).toEqual([]);
});

test("a tag finds, counts and ends the sessions of one user, page by page, and no other's", async ({ server }) => {
  const own = { "x-namespace": "tags-many" };
  const ada: string[] = [];
  for (let n = 0; n < 5; n++) {
    ada.push((await create(server, own, ["user:ada", `device:${n}`])).id);
    await create(server, own, ["user:ada2"]);
  }
  await create(server, own);
  await create(server, { "x-namespace": "tags-elsewhere" }, ["user:ada"]);
  const found: Session[] = [];
  for (let cursor = ""; ; ) {
    const page: { items: Session[]; nextCursor: string | null } = await ok(
      await server.get(`${PATH}?limit=2&${query("user:ada")}${cursor}`, own),
    );
    found.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
  expect(found.map(({ id }) => id).sort()).toEqual([...ada].sort());
  expect(found[0]?.tags).toEqual(["user:ada", "device:4"]);
  const count = `${PATH}/count?${query("user:ada")}`;
  expect(await ok(await server.get(count, own))).toEqual({ count: 5, bytes: 35 });
  expect(await ok(await server.get(`${count}&prefix=${ada[0]}`, own))).toEqual({ count: 1, bytes: 7 });
  const many = `${PATH}?${query("user:ada")}`;
  expect(await ok(await server.send("DELETE", `${many}&dryRun=1`, undefined, own))).toEqual({ count: 5, bytes: 35 });
  // What has lost its tag stays.
  await ok(await server.send("PATCH", `${PATH}/${ada[2]}`, { tags: ["device:2"] }, { ...own, ...json }));
  expect(await ok(await server.send("DELETE", many, undefined, own))).toEqual({ removed: 4 });
  expect(await ok(await server.get(count, own))).toEqual({ count: 0, bytes: 0 });
  expect(await ok(await server.get(`${PATH}/count`, own))).toMatchObject({ count: 7 });
});

test("an export tells tags, and its import brings them back", async ({ server }) => {
  const own = { "x-namespace": "tags-from" };
  const other = { "x-namespace": "tags-to" };
  await create(server, own, ["a", "é"]);
  await create(server, own);
  for (const format of ["ndjson", "csv"]) {
    const exported = await server.get(`/api/v1/export?source=sessions&format=${format}`, own);
    expect(exported.status).toBe(200);
    const records = await exported.text();
    const cast = format === "csv" ? "&cast=data:json,idleTimeoutSeconds:number,version:number" : "";
    const job = await server.send("POST", `/api/v1/streams?target=sessions&format=${format}&wait=1${cast}`, records, {
      ...other,
      "content-type": "application/octet-stream",
    });
    expect(await ok(job), records).toMatchObject({ records: 2, rejected: 0 });
    const page: { items: Session[] } = await ok(await server.get(`${PATH}?tag=a`, other));
    expect(page.items.map(({ tags }) => tags)).toEqual([["a", "é"]]);
    await ok(await server.send("DELETE", `${PATH}?all=1`, undefined, other));
  }
});

test("a record of data and tags is a session with these tags, and one whose tags are no names is refused", async ({
  server,
}) => {
  const own = { "x-namespace": "tags-records", "content-type": "application/octet-stream" };
  const records = [{ data: 1, tags: ["x"] }, { data: 2, tags: [""] }, { data: 3, tags: "x" }, { data: 4 }];
  const lines = records.map((record) => JSON.stringify(record)).join("\n");
  const job = await server.send("POST", "/api/v1/streams?target=sessions&format=ndjson&wait=1", lines, own);
  expect(await ok(job)).toMatchObject({ records: 2, rejected: 2 });
  expect(await ok(await server.get(`${PATH}/count?tag=x`, own))).toMatchObject({ count: 1 });
});

test("tags that are too many, too long or no names are 400, tell the field, and change nothing", async ({ server }) => {
  const own = { "x-namespace": "tags-bad" };
  const { id } = await create(server, own, ["kept"]);
  const bad: [unknown, string][] = [
    [Array.from({ length: 17 }, (_, n) => `t${n}`), "/tags"],
    [["fine", "é".repeat(65)], "/tags/1"],
    [[""], "/tags/0"],
    [["a\nb"], "/tags/0"],
    [[1], "/tags/0"],
    ["kept", "/tags"],
    [null, "/tags"],
    [{}, "/tags"],
  ];
  for (const [tags, path] of bad)
    for (const [method, at] of [
      ["POST", PATH],
      ["PUT", `${PATH}/${id}`],
      ["PATCH", `${PATH}/${id}`],
    ] as const) {
      const response = await server.send(method, at, { data: 2, tags }, { ...own, ...json });
      const problem: { code: string; errors: { path: string }[] } = await ok(response, 400);
      expect([problem.code, problem.errors[0]?.path], JSON.stringify(tags)).toEqual(["validation-failed", path]);
    }
  expect((await server.send("POST", `${PATH}/${id}/touch`, { tags: [] }, own)).status).toBe(400);
  for (const at of ["?tag=", `?tag=${"x".repeat(129)}`, "?tag=a&all=1", "?tag=a&tag=b"])
    expect((await server.send("DELETE", `${PATH}${at}`, undefined, own)).status, at).toBe(400);
  for (const at of ["?tag=", "/count?tag=", "?tags=a"])
    expect((await server.get(`${PATH}${at}`, own)).status).toBe(400);
  const most = Array.from({ length: 16 }, (_, n) => `${n}`.padStart(128, '"'));
  expect((await ok(await server.send("PUT", `${PATH}/${id}`, { data: 2, tags: most }, own))).tags).toEqual(most);
  expect(await ok(await server.get(`${PATH}/count`, own))).toMatchObject({ count: 1 });
  expect(await ok(await server.get(`${PATH}/count?${query(most[15] ?? "")}`, own))).toMatchObject({ count: 1 });
});
