import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { ask, fresh, inNamespace, json, path } from "../support/rag.ts";
import type { TestServer } from "../support/server.ts";

const LIST = "/api/v1/rag/documents";
interface Page {
  items: { id: string; source: string; characters: number; updatedAt: string; metadata: unknown }[];
  nextCursor: string | null;
}
type Query = Readonly<Record<string, string>>;

function caller(server: TestServer) {
  const headers = inNamespace(fresh());
  const at = (query: Query) => `${LIST}?${new URLSearchParams(query)}`;
  const walk = async (query: Query): Promise<string[]> => {
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Page = await json<Page>(await server.get(at({ ...query, ...(cursor && { cursor }) }), headers));
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    return seen;
  };
  return {
    headers,
    walk,
    list: (query: Query) => server.get(at(query), headers),
    remove: (query: Query) => server.send("DELETE", at(query), undefined, headers),
    put: (id: string, body: object) => server.send("PUT", path(id), body, headers),
  };
}

const filterOf = (filter: unknown) => JSON.stringify(filter);

test("documents are listed by source and by filter, in the order asked for, each once over all pages", async ({
  server,
}) => {
  const { put, walk, list } = caller(server);
  for (let at = 0; at < 9; at++)
    await put(`d${at}`, {
      text: `Note ${"word ".repeat(10 - at)}`,
      source: at % 2 ? "odd" : "even",
      page: at,
      metadata: { tenant: at < 6 ? "acme" : "other" },
    });
  const all = Array.from({ length: 9 }, (_, at) => `d${at}`);
  expect(await walk({ limit: "2" })).toEqual(all);
  expect(await walk({ limit: "2", order: "desc" })).toEqual(all.toReversed());
  expect(await walk({ source: "odd", limit: "3" })).toEqual(["d1", "d3", "d5", "d7"]);
  const acme = filterOf({ tenant: "acme", page: { gte: 2 } });
  expect(await walk({ filter: acme, limit: "1" })).toEqual(["d2", "d3", "d4", "d5"]);
  expect(await walk({ filter: acme, source: "even", sort: "characters", limit: "1" })).toEqual(["d2", "d4"]);
  expect(await walk({ sort: "characters", order: "asc", limit: "2" })).toEqual(all.toReversed());
  for (const sort of ["updatedAt", "createdAt"]) expect((await walk({ sort, limit: "4" })).sort()).toEqual(all);
  expect(await walk({ sort: "chunks", limit: "2" })).toEqual(all.toReversed());
  expect(await walk({ source: "nobody's" })).toEqual([]);
  const { nextCursor } = await json<Page>(await list({ sort: "chunks", limit: "2" }));
  expect((await list({ sort: "characters", limit: "2", cursor: nextCursor ?? "" })).status).toBe(400);
});

test("what matches is removed with its chunks, words, vectors and cached answers, and a dry run only counts", async ({
  server,
}) => {
  const { put, walk, remove, headers } = caller(server);
  for (let at = 0; at < 6; at++)
    await put(`z${at}`, { text: `The zeppelin number ${at} flies.`, source: at < 4 ? "air" : "sea", metadata: { at } });
  const namespace = headers["x-namespace"];
  const query = { query: "zeppelin", k: 10 };
  expect((await ask(server, query, namespace)).matches).toHaveLength(6);
  const counted = await json<{ count: number; bytes: number }>(await remove({ source: "air", dryRun: "1" }));
  expect(counted.count).toBe(4);
  expect(counted.bytes).toBeGreaterThan(4 * 384);
  expect((await ask(server, query, namespace)).cached).toBe(true);
  expect(await json(await remove({ source: "air", filter: filterOf({ at: { gt: 0 } }) }))).toEqual({ removed: 3 });
  expect(await walk({})).toEqual(["z0", "z4", "z5"]);
  for (const mode of ["vector", "keyword", "hybrid"]) {
    const { matches, cached } = await ask(server, { ...query, mode }, namespace);
    expect(cached).toBe(false);
    expect(matches.map(({ documentId }) => documentId).sort()).toEqual(["z0", "z4", "z5"]);
  }
  expect((await server.get(`${path("z1")}/chunks`, headers)).status).toBe(404);
  expect(await json(await remove({ all: "true", dryRun: "true" }))).toMatchObject({ count: 3 });
  expect(await json(await remove({ all: "true", dryRun: "false" }))).toEqual({ removed: 3 });
  expect(await json(await remove({ all: "true" }))).toEqual({ removed: 0 });
  expect((await ask(server, query, namespace)).matches).toEqual([]);
  expect(await json(await server.get("/api/v1/rag/status", headers))).toMatchObject({ documents: 0, chunks: 0 });
});

test("a removal that selects nothing, or everything by mistake, is refused by name and changes nothing", async ({
  server,
}) => {
  const { put, walk, remove, list } = caller(server);
  await put("stays", { text: "It stays.", source: "s" });
  for (const query of [
    {},
    { dryRun: "1" },
    { source: "" },
    { all: "false" },
    { all: "true", source: "s" },
    { all: "true", filter: filterOf({ page: 1 }) },
    { source: "s", dryRun: "maybe" },
    { everything: "1" },
  ] as Query[])
    expect((await remove(query)).status, JSON.stringify(query)).toBe(400);
  for (const filter of [
    "",
    "{}",
    "[]",
    "null",
    "{",
    '{"a":1,"a":2}',
    '{"and":[]}',
    '{"or":[{},{"a":1}]}',
    '{"a":{"re":1}}',
  ])
    for (const answer of [await remove({ filter }), await remove({ filter, source: "s", dryRun: "1" })]) {
      expect(answer.status, filter).toBe(400);
      const { errors } = await json<{ errors: { path: string }[] }>(answer);
      expect(errors[0]?.path).toBe("query.filter");
    }
  for (const query of [
    { sort: "title" },
    { order: "up" },
    { source: "" },
    { cursor: "nonsense" },
    { filter: "{" },
  ] as Query[])
    expect((await list(query)).status, JSON.stringify(query)).toBe(400);
  expect(await walk({})).toEqual(["stays"]);
});
