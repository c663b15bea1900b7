import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";

const PATH = "/api/v1/sessions";

interface Session {
  id: string;
  bytes: number;
  lastUsedAt: string;
  createdAt: string;
}
interface Page {
  items: Session[];
  nextCursor: string | null;
}

test("the list sorts by size and times, either way, and pages completely while sessions come and go", async ({
  server,
}) => {
  const own = { "x-namespace": "sorted" };
  const made: Session[] = [];
  const create = async (length: number, tags: string[]) =>
    (await (await server.send("POST", PATH, { data: "x".repeat(length), tags }, own)).json()) as Session;
  for (const length of [5, 30, 5, 10, 5, 20, 5]) made.push(await create(length, ["kept"]));
  await server.get(`${PATH}/${made[0]?.id}`, own);
  for (const sort of ["bytes", "lastUsedAt", "createdAt"] as const)
    for (const order of ["asc", "desc", undefined]) {
      const listed: Session[] = [];
      const where = `${PATH}?limit=2&tag=kept&sort=${sort}${order ? `&order=${order}` : ""}`;
      for (let cursor = ""; ; ) {
        const response = await server.get(`${where}${cursor}`, own);
        expect(response.status).toBe(200);
        const page = (await response.json()) as Page;
        listed.push(...page.items);
        if (page.nextCursor === null) break;
        cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
        // One comes and one goes between any two pages.
        const passing = await create(7, ["passing"]);
        expect((await server.send("DELETE", `${PATH}/${passing.id}`, undefined, own)).status).toBe(204);
      }
      expect(listed.map(({ id }) => id).sort(), `${sort} ${order}`).toEqual(made.map(({ id }) => id).sort());
      const figures = listed.map((session) => (sort === "bytes" ? session.bytes : Date.parse(session[sort])));
      const sign = order === "asc" ? 1 : -1;
      expect(figures, `${sort} ${order}`).toEqual(figures.toSorted((a, b) => sign * (a - b)));
    }
  const largest = (await (await server.get(`${PATH}?sort=bytes&limit=1`, own)).json()) as Page;
  expect(largest.items[0]?.bytes).toBe(32);
});

test("a sort, an order or a cursor that the list does not know is 400 and names the parameter", async ({ server }) => {
  const own = { "x-namespace": "sorted-badly" };
  for (let n = 0; n < 2; n++) await server.send("POST", PATH, { data: n }, own);
  const { nextCursor } = (await (await server.get(`${PATH}?sort=bytes&limit=1`, own)).json()) as Page;
  for (const [query, path] of [
    ["sort=size", "query.sort"],
    ["sort=", "query.sort"],
    ["sort=bytes&order=down", "query.order"],
    [`sort=bytes&order=asc&cursor=${nextCursor}`, "query.cursor"],
    [`sort=lastUsedAt&cursor=${nextCursor}`, "query.cursor"],
    [`cursor=${nextCursor}`, "query.cursor"],
    ["sort=bytes&cursor=bm90aGluZw", "query.cursor"],
  ]) {
    const response = await server.get(`${PATH}?${query}`, own);
    const problem = (await response.json()) as { errors: { path: string }[] };
    expect([response.status, problem.errors[0]?.path], query).toEqual([400, path]);
  }
  expect((await server.get(`${PATH}?sort=bytes&cursor=${nextCursor}`, own)).status).toBe(200);
});
