import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

const PATH = "/api/v1/sessions";
const create = { "if-none-match": "*" };

interface Page {
  items: { id: string }[];
  nextCursor: string | null;
}

async function json<Body>(response: Response): Promise<Body> {
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

/** Sessions of two users, under ids of their own, in a namespace of this test. */
async function fill(server: TestServer, namespace: string, users: readonly string[], each: number) {
  const own = { "x-namespace": namespace };
  for (const user of users)
    for (let n = 0; n < each; n++) {
      const id = encodeURIComponent(`${user}:session-0123456789-${n}`);
      expect((await server.send("PUT", `${PATH}/${id}`, { data: { n } }, { ...own, ...create })).status).toBe(201);
    }
  return own;
}

test("a prefix finds, counts and ends the sessions of one user, and no other's", async ({ server }) => {
  const own = await fill(server, "by-prefix", ["user-é_1", "user-é%1"], 5);
  const prefix = `prefix=${encodeURIComponent("user-é_")}`;
  const ids: string[] = [];
  for (let cursor = ""; ; ) {
    const page: Page = await json(await server.get(`${PATH}?limit=2&${prefix}${cursor}`, own));
    ids.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
  expect(ids.length).toBe(5);
  expect(ids.every((id) => id.startsWith("user-é_1:"))).toBe(true);
  expect(await json(await server.get(`${PATH}/count?${prefix}`, own))).toEqual({ count: 5, bytes: 35 });
  expect(await json(await server.get(`${PATH}/count`, own))).toEqual({ count: 10, bytes: 70 });
  const dry = await json(await server.send("DELETE", `${PATH}?${prefix}&dryRun=1`, undefined, own));
  expect(dry).toEqual({ count: 5, bytes: 35 });
  expect(await json(await server.send("DELETE", `${PATH}?${prefix}`, undefined, own))).toEqual({ removed: 5 });
  expect(await json(await server.get(`${PATH}/count`, own))).toEqual({ count: 5, bytes: 35 });
  const late = await server.send(
    "PUT",
    `${PATH}/${encodeURIComponent(ids[0] ?? "")}`,
    { data: 1 },
    { ...own, ...create },
  );
  expect(late.status).toBe(409);
  expect(await json(await server.send("DELETE", `${PATH}?all=true`, undefined, own))).toEqual({ removed: 5 });
  expect(await json(await server.get(`${PATH}/count`, own))).toEqual({ count: 0, bytes: 0 });
});

test("a bulk removal without a selector, with an empty one, or with two is 400 and removes nothing", async ({
  server,
}) => {
  const own = await fill(server, "no-selector", ["kept"], 2);
  for (const query of [
    "",
    "?prefix=",
    "?all=false",
    "?all=0",
    "?dryRun=1",
    "?prefix=kept&all=1",
    "?all=yes",
    "?tags=a",
  ]) {
    const response = await server.send("DELETE", `${PATH}${query}`, undefined, own);
    expect([response.status, ((await response.json()) as { code: string }).code], query).toEqual([
      400,
      "validation-failed",
    ]);
  }
  expect(await json(await server.get(`${PATH}/count`, own))).toMatchObject({ count: 2 });
});

test("peek=1 reads without being a use", async ({ server }) => {
  const own = await fill(server, "peeked", ["peeked"], 1);
  const at = `${PATH}/${encodeURIComponent("peeked:session-0123456789-0")}`;
  const before = await json<{ lastUsedAt: string }>(await server.get(`${at}?peek=1`, own));
  expect(before).toMatchObject({ data: { n: 0 }, version: 1 });
  await expect
    .poll(async () => Date.now() > Date.parse(before.lastUsedAt), { message: "a later millisecond" })
    .toBe(true);
  expect(await json(await server.get(`${at}?peek=1`, own))).toEqual(before);
  expect((await server.get(`${at}?peek=1`, { ...own, "if-none-match": '"1"' })).status).toBe(304);
  const used = await json<{ lastUsedAt: string }>(await server.get(at, own));
  expect(used.lastUsedAt > before.lastUsedAt).toBe(true);
  expect((await server.get(`${at}?peek=2`, own)).status).toBe(400);
  expect((await server.get(`${at}?peek=1`)).status).toBe(404);
});
