import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";

test("a session's and a cached response's preconditions hold on every method, in ETag's form and in X-Version's", async ({
  server,
}) => {
  const made = await server.send("POST", "/api/v1/sessions", { data: { n: 1 } });
  const { id } = (await made.json()) as { id: string };
  const key = "/api/v1/cache/conditions";
  const text = { "content-type": "text/plain" };
  expect((await server.send("PUT", key, "one", { ...text, "if-none-match": "*" })).status).toBe(201);
  const merge = { "content-type": "application/merge-patch+json" };
  const session = `/api/v1/sessions/${id}`;
  const writes: [string, string, unknown, Record<string, string>][] = [
    ["PUT", session, { data: 2 }, {}],
    ["PATCH", session, '{"n":2}', merge],
    ["DELETE", session, undefined, {}],
    ["PUT", key, "two", text],
    ["DELETE", key, undefined, {}],
  ];
  for (const target of [session, key]) {
    const read = await server.get(target);
    const tag = read.headers.get("etag") ?? "";
    const version = read.headers.get("x-version") ?? "";
    expect(tag).toBe(`"${version}"`);
    const failing: Record<string, string>[] = [
      { "if-match": '"a,b", "other"' },
      { "if-match": `W/${tag}` },
      { "if-none-match": "*" },
      { "if-none-match": `"a,b", W/${tag}` },
      { "if-version": "other" },
      { "if-match": tag, "if-version": "other" },
    ];
    for (const [method, at, body, headers] of writes.filter(([, at]) => at === target))
      for (const condition of failing)
        expect(
          (await server.send(method, at, body, { ...headers, ...condition })).status,
          `${method} ${JSON.stringify(condition)}`,
        ).toBe(412);
    expect((await server.get(target, { "if-match": '"other"', "if-none-match": "*" })).status).toBe(412);
    expect((await server.get(target, { "if-match": tag, "if-none-match": `W/${tag}` })).status).toBe(304);
    expect((await server.get(target, { "if-match": "no tag" })).status).toBe(400);
    const [method, at, body, headers] = writes.find(([, each]) => each === target) ?? ["", "", "", {}];
    const done = await server.send(method, at, body, {
      ...headers,
      "if-version": `x, ${version}`,
      "if-none-match": '"x"',
    });
    expect(done.ok).toBe(true);
  }
  expect((await server.send("PUT", "/api/v1/cache/absent", "x", { ...text, "if-match": "*" })).status).toBe(412);
  expect((await server.send("DELETE", "/api/v1/cache/absent", undefined, { "if-match": "*" })).status).toBe(404);
  expect((await server.get("/api/v1/cache/absent", { "if-match": "*" })).status).toBe(404);
});

test("a cached response lives as long as a shared cache may keep it, and no type is octet-stream", async ({
  server,
}) => {
  const put = async (control: string, type: string) => {
    const headers = { "cache-control": control, "content-type": type };
    await server.send("PUT", "/api/v1/cache/control", new Uint8Array([1]), headers);
    const read = await server.get("/api/v1/cache/control");
    return [read.status, read.headers.get("cache-status"), read.headers.get("content-type")];
  };
  expect(await put("public, s-maxage=15", "*/*")).toEqual([200, "headroom; hit; ttl=15", "application/octet-stream"]);
  expect(await put('max-age=1000, foo="a, max-age=9"', "text/plain")).toEqual([
    200,
    "headroom; hit; ttl=1000",
    "text/plain",
  ]);
  for (const control of ["no-cache", "private", 'no-cache="a", max-age=9', "max-age=9, s-maxage=0"])
    expect((await put(control, "text/plain"))[0], control).toBe(404);
  const batch = await server.send("POST", "/api/v1/cache/batch", {
    get: ["nobody", "put this"],
    set: [{ key: "typed", body: "YQ==", mediaType: "*/*" }],
  });
  expect(batch.status).toBe(200);
  expect((await server.get("/api/v1/cache/typed")).headers.get("content-type")).toBe("application/octet-stream");
});
