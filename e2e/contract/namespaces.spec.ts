import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { pathOf, type View, within } from "../support/quotas.ts";
import { json } from "../support/rag.ts";
import { expectProblem } from "../support/survival.ts";

test("a quota is set, told with the usage of each store, changed under conditions, and lifted", async ({ server }) => {
  const { name, set, send, view } = await within(server, { items: 10 });
  expect(await view()).toMatchObject({
    name,
    quota: { bytes: null, items: 10 },
    usage: { bytes: 0, items: 0 },
  });
  const { version } = await view();
  const tag = (await server.get(pathOf(name))).headers.get("etag") ?? "";
  const put = (body: object, headers: Record<string, string>) => server.send("PUT", pathOf(name), body, headers);
  const changed = await put({ quota: { bytes: 5_000 } }, { "if-match": tag });
  expect(await json<View>(changed)).toMatchObject({ quota: { bytes: 5_000, items: null } });
  const next = Number(changed.headers.get("x-version"));
  expect([tag, next > version]).toEqual([`"${version}"`, true]);
  for (const headers of [{ "if-match": tag }, { "if-none-match": "*" }])
    expect(await expectProblem(await put({ quota: { bytes: 1 } }, headers), 412)).toBe("version-mismatch");
  await send("POST", "/api/v1/sessions", { data: 12 });
  const listed = await json<{ items: View[] }>(await server.get("/api/v1/namespaces?limit=500"));
  const stores = { cache: 0, vectors: 0, documents: 0, conversations: 0 };
  const none = Object.fromEntries(Object.keys(stores).map((store) => [store, { bytes: 0, items: 0 }]));
  expect(listed.items.find((item) => item.name === name)).toEqual({
    name,
    quota: { bytes: 5_000, items: null },
    usage: { bytes: 2, items: 1, stores: { sessions: { bytes: 2, items: 1 }, ...none } },
    version: next,
  });
  expect(await json<View>(await set(null))).toMatchObject({
    quota: { bytes: null, items: null },
    usage: null,
    version: 0,
  });
  expect(await expectProblem(await server.get(pathOf(name)), 404)).toBe("not-found");
  const { items } = await json<{ items: object[] }>(await server.get("/api/v1/audit"));
  expect(items[0]).toMatchObject({ action: "namespaces.quota", target: name, outcome: "done" });
  await set({ items: 1 });
  const stale = await put({ quota: { bytes: 1 } }, { "if-match": `"${next}", ${tag}` });
  expect(await expectProblem(stale, 412)).toBe("version-mismatch");
});

test("usage is told anew to who has the quota's version: it changes without the quota", async ({ server }) => {
  const { name, send } = await within(server, { items: 10 });
  const etag = (await server.get(pathOf(name))).headers.get("etag") ?? "";
  await send("POST", "/api/v1/sessions", { data: 12 });
  const again = await server.send("GET", pathOf(name), undefined, { "if-none-match": etag });
  expect([again.status, again.headers.get("etag")]).toEqual([200, etag]);
  expect(await json<View>(again)).toMatchObject({ usage: { bytes: 2, items: 1 } });
});

test("namespaces are listed by name over all pages, those without a quota too, which count nothing", async ({
  server,
}) => {
  const { name } = await within(server, { items: 1 });
  await server.createKey("consumer", `${name}-key`);
  const seen: View[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const answer: Response = await server.get(`/api/v1/namespaces?limit=1${cursor && `&cursor=${cursor}`}`);
    const page = await json<{ items: View[]; nextCursor: string | null }>(answer);
    seen.push(...page.items);
    cursor = page.nextCursor;
  }
  const names = seen.map((view) => view.name);
  expect(names).toEqual([...new Set(names)].sort());
  expect(seen.find((view) => view.name === `${name}-key`)).toMatchObject({ usage: null, version: 0 });
  expect(names).toContain(name);
  expect((await server.get(pathOf(`${name}-key`))).headers.get("etag")).toBe('"0"');
});

test("quotas are for operators: consumers and viewers are 403, and nobody is 401", async ({ server }) => {
  const { name, view } = await within(server, { items: 1 });
  for (const role of ["consumer", "viewer"]) {
    const authorization = `Bearer ${await server.createKey(role, name)}`;
    for (const [method, path, body] of [
      ["GET", "/api/v1/namespaces", undefined],
      ["GET", pathOf(name), undefined],
      ["PUT", pathOf(name), { quota: { items: 100 } }],
    ] as const)
      expect((await server.send(method, path, body, { authorization })).status).toBe(403);
  }
  expect((await fetch(`${server.url}${pathOf(name)}`)).status).toBe(401);
  expect(await view()).toMatchObject({ quota: { items: 1 } });
});

test("what does not fit a quota is 400 with its place, and changes nothing", async ({ server }) => {
  const { name, view } = await within(server, { bytes: 1, items: 1 });
  const before = await view();
  for (const [body, path] of [
    [{ quota: { bytes: -1 } }, "/quota/bytes"],
    [{ quota: { bytes: 1.5 } }, "/quota/bytes"],
    [{ quota: { items: "3" } }, "/quota/items"],
    [{ quota: { items: 2 ** 53 } }, "/quota/items"],
    [{ quota: {} }, "/quota"],
    [{ quota: 5 }, "/quota"],
    [{ quota: { bytes: 1, size: 2 } }, "/quota/size"],
    [{ quota: { bytes: 1 }, name: "x" }, "/name"],
    [{}, "/quota"],
  ] as const) {
    const response = await server.send("PUT", pathOf(name), body);
    const { errors } = await json<{ errors: { path: string }[] }>(response);
    expect([JSON.stringify(body), response.status, errors[0]?.path]).toEqual([JSON.stringify(body), 400, path]);
  }
  for (const [target, path] of [
    ["/api/v1/namespaces/Not-A-Name", "path.name"],
    ["/api/v1/namespaces?limit=0", "query.limit"],
    ["/api/v1/namespaces?cursor=%21", "query.cursor"],
    ["/api/v1/namespaces?prefix=a", "query.prefix"],
  ] as const) {
    const response = await server.get(target);
    const { errors } = await json<{ errors: { path: string }[] }>(response);
    expect([target, response.status, errors[0]?.path]).toEqual([target, 400, path]);
  }
  expect(await view()).toEqual(before);
});
