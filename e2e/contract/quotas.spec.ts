import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { within } from "../support/quotas.ts";
import { json } from "../support/rag.ts";

interface Results {
  results: { status: number; id?: string; index?: number; problem?: { code: string } }[];
}
const session = (text: string) => ({ data: { text } });
const post = (content: string) => ({ role: "user", content });
const point = (id: string, metadata?: object) => ({ id, vector: [1, 2, 3, 4], metadata });
const statuses = (responses: readonly Response[]) => responses.map(({ status }) => status).sort();

test("sessions over the quota are refused with what it is and what is used, and change nothing", async ({ server }) => {
  const { send, usage, exceeded } = await within(server, { bytes: 60, items: 2 });
  const first = await json<{ id: string }>(await send("POST", "/api/v1/sessions", session("1234567890")));
  const at = `/api/v1/sessions/${first.id}`;
  expect((await send("POST", "/api/v1/sessions", session("1234567890"))).status).toBe(201);
  const used = { bytes: 42, items: 2 };
  expect(await exceeded(await send("POST", "/api/v1/sessions", session("")))).toMatchObject({
    quota: { bytes: 60, items: 2 },
    used,
  });
  await exceeded(await send("PUT", at, session("x".repeat(40))));
  await exceeded(await send("PATCH", at, { more: "x".repeat(40) }, { "content-type": "application/merge-patch+json" }));
  expect(await json<object>(await send("GET", at))).toMatchObject({ data: { text: "1234567890" } });
  expect(await usage()).toMatchObject(used);
  expect((await send("PUT", at, session("x".repeat(28)))).status).toBe(200);
  expect((await send("PUT", at, session("1"))).status).toBe(200);
  expect((await send("DELETE", at)).status).toBe(204);
  // Given back at once, though the removal is on its way to the disk.
  expect((await send("POST", "/api/v1/sessions", session("x".repeat(28)))).status).toBe(201);
  expect(await usage()).toMatchObject({ bytes: 60, items: 2 });
});

test("cached responses over the quota are refused, one by one in a batch, and a purge gives back", async ({
  server,
}) => {
  const { send, usage, exceeded } = await within(server, { items: 2 });
  for (const key of ["a", "b"]) expect((await send("PUT", `/api/v1/cache/${key}`, "body")).status).toBe(201);
  await exceeded(await send("PUT", "/api/v1/cache/c", "body"));
  expect((await send("PUT", "/api/v1/cache/a", "another body")).status).toBe(204);
  const set = ["b", "d"].map((key) => ({ key, body: "Ym9keQ==", mediaType: "text/plain" }));
  const batch = await send("POST", "/api/v1/cache/batch", { set });
  expect(batch.status).toBe(207);
  expect((await json<Results>(batch)).results).toMatchObject([
    { status: 204 },
    { status: 507, problem: { code: "quota-exceeded", quota: { items: 2 }, used: { items: 2 } } },
  ]);
  expect((await send("GET", "/api/v1/cache/d")).status).toBe(404);
  expect((await usage())?.stores.cache?.items).toBe(2);
  expect((await send("POST", "/api/v1/cache/purge", { all: true })).status).toBe(200);
  expect(await usage()).toMatchObject({ bytes: 0, items: 0 });
  expect((await send("PUT", "/api/v1/cache/c", "body")).status).toBe(201);
});

test("bytes of the cache are what it holds of the namespace, and a larger body is refused", async ({ server }) => {
  const { send, usage, exceeded, set } = await within(server, { bytes: 1_000_000 });
  expect((await send("PUT", "/api/v1/cache/a", "x".repeat(2_000), { "content-type": "image/png" })).status).toBe(201);
  const bytes = (await usage())?.bytes ?? 0;
  expect(bytes).toBeGreaterThan(2_000);
  await set({ bytes });
  await exceeded(await send("PUT", "/api/v1/cache/a", "y".repeat(2_001), { "content-type": "image/png" }));
  expect(await (await send("GET", "/api/v1/cache/a")).text()).toBe("x".repeat(2_000));
  expect((await send("PUT", "/api/v1/cache/a", "y".repeat(2_000), { "content-type": "image/png" })).status).toBe(204);
});

test("points over the quota are refused one by one, and a dropped collection gives back at once", async ({
  server,
}) => {
  const { send, usage, exceeded } = await within(server, { items: 3 });
  const at = "/api/v1/collections/points";
  await send("PUT", at, { dimensions: 4, metric: "dot", precision: "float32" });
  const upsert = (points: object[]) => send("PUT", `${at}/points`, { points });
  expect((await upsert([point("a"), point("b")])).status).toBe(200);
  const some = await upsert([point("a", { n: 1 }), point("c"), point("d"), point("b"), point("e")]);
  expect(some.status).toBe(207);
  expect(await json<Results & { upserted: number }>(some)).toMatchObject({
    upserted: 3,
    results: [
      { index: 2, id: "d", status: 507, problem: { code: "quota-exceeded" } },
      { index: 4, id: "e", status: 507 },
    ],
  });
  await exceeded(await upsert([point("d"), point("e")]));
  expect(await json<{ items: number }>(await send("GET", at))).toMatchObject({ items: 3 });
  expect((await send("GET", `${at}/points/d`)).status).toBe(404);
  expect((await send("DELETE", `${at}/points/c`)).status).toBe(204);
  expect((await upsert([point("d")])).status).toBe(200);
  expect(await usage()).toMatchObject({ items: 3 });
  expect((await send("DELETE", at)).status).toBe(204);
  expect(await usage()).toMatchObject({ bytes: 0, items: 0 });
});

test("a point's metadata may shrink and not grow past the quota", async ({ server }) => {
  const { send, set, usage, exceeded } = await within(server, { bytes: 10_000 });
  const at = "/api/v1/collections/points";
  await send("PUT", at, { dimensions: 4, metric: "dot" });
  await send("PUT", `${at}/points`, { points: [point("a", { text: "1234567890" })] });
  const patch = (metadata: object) => send("PATCH", `${at}/points/a`, { metadata });
  const { bytes = 0 } = (await usage()) ?? {};
  await set({ bytes: bytes - 1 });
  await exceeded(await patch({ text: "12345678901" }));
  expect((await patch({ text: "123456789" })).status).toBe(200);
  expect(await usage()).toMatchObject({ bytes: bytes - 1, items: 1 });
});

test("messages over the quota are refused, all of a call or none, and a turn may be cut off and written anew", async ({
  server,
}) => {
  const { send, usage, exceeded } = await within(server, { items: 3 });
  const at = "/api/v1/conversations/c";
  const append = (body: object) => send("POST", `${at}/messages`, body);
  expect((await append({ ...post("one"), id: "m1" })).status).toBe(201);
  expect((await append({ messages: [post("two"), { ...post("three"), id: "m3" }] })).status).toBe(201);
  await exceeded(await append(post("four")));
  expect((await append({ ...post("one"), id: "m1" })).status).toBe(200);
  await exceeded(await send("POST", `${at}/truncate`, { after: "m3", messages: [post("x")] }));
  expect((await send("POST", `${at}/truncate`, { after: "m1", messages: [post("2"), post("3")] })).status).toBe(200);
  await exceeded(await append({ messages: [post("4")] }));
  expect((await send("PUT", `${at}/messages/m1`, post("edited, and longer"))).status).toBe(200);
  expect((await send("DELETE", `${at}/messages/m1`)).status).toBe(204);
  await exceeded(await append({ messages: [post("4"), post("5")] }));
  expect((await append(post("4"))).status).toBe(201);
  expect((await usage())?.stores.conversations).toMatchObject({ items: 3 });
  expect((await send("DELETE", at)).status).toBe(204);
  expect(await usage()).toMatchObject({ bytes: 0, items: 0 });
});

test("a conversation's own fields count, and one that is lowered under its quota may only shrink", async ({
  server,
}) => {
  const { send, set, usage, exceeded } = await within(server, { bytes: 100 });
  const at = "/api/v1/conversations/c";
  expect((await send("PUT", at, { title: "A title" })).status).toBe(201);
  expect(await usage()).toMatchObject({ bytes: 8, items: 0 });
  await exceeded(await send("PUT", at, { title: "t".repeat(100) }));
  await set({ bytes: 5 });
  await exceeded(await send("PATCH", at, { title: "A title!" }));
  expect((await send("PATCH", at, { title: "Title" })).status).toBe(200);
  expect(await usage()).toMatchObject({ bytes: 6 });
});

test("documents over the quota are refused, one by one in a batch; a smaller version replaces a larger", async ({
  server,
}) => {
  const { send, set, usage, exceeded } = await within(server, { items: 2 });
  const put = (id: string, text: string) => send("PUT", `/api/v1/rag/documents/${id}`, { text });
  expect((await put("a", "The quota of a namespace. ".repeat(10))).status).toBe(201);
  const documents = ["b", "c"].map((id) => ({ id, text: `About ${id}.` }));
  const batch = await send("POST", "/api/v1/rag/documents", { documents });
  expect((await json<Results>(batch)).results).toMatchObject([
    { id: "b", status: 201 },
    { id: "c", status: 507, problem: { code: "quota-exceeded" } },
  ]);
  await exceeded(await put("c", "About c."));
  const before = (await usage())?.bytes ?? 0;
  await set({ bytes: 1 });
  await exceeded(await put("b", "A longer text about b."));
  expect((await put("a", "Short.")).status).toBe(200);
  const after = (await usage())?.bytes ?? 0;
  expect(after).toBeLessThan(before);
  expect((await send("DELETE", "/api/v1/rag/documents?all=true")).status).toBe(200);
  expect(await usage()).toMatchObject({ bytes: 0, items: 0 });
});

test("a stream's records over the quota are its rejects, whatever its target; the rest is kept", async ({ server }) => {
  const { name, send, usage } = await within(server, { items: 5 });
  await send("PUT", "/api/v1/collections/points", { dimensions: 4, metric: "dot" });
  const lines = (record: (n: number) => object) =>
    Array.from({ length: 8 }, (_, n) => `${JSON.stringify(record(n))}\n`).join("");
  for (const [target, record] of [
    ["sessions", (n: number) => ({ id: `s${n}`, data: { n } })],
    ["cache", (n: number) => ({ key: `k${n}`, body: "Ym9keQ==" })],
    ["vectors:points", (n: number) => point(`p${n}`)],
    ["rag", (n: number) => ({ id: `d${n}`, text: `Text ${n}` })],
  ] as const) {
    const job = await json<{ id: string; state: string; records: number; rejected: number }>(
      await send("POST", `/api/v1/streams?target=${target}&format=ndjson&wait=1`, lines(record)),
    );
    expect([target, job.state, job.rejected]).toEqual([target, "completed", 3]);
    const rejects = await (await send("GET", `/api/v1/streams/${job.id}/rejects`)).text();
    expect(rejects.match(/"code":"quota-exceeded"/g)).toHaveLength(3);
    expect([target, await usage()]).toMatchObject([target, { items: 5 }]);
    await send("DELETE", "/api/v1/sessions?all=true");
    await send("POST", "/api/v1/cache/purge", { all: true });
    await send("POST", "/api/v1/collections/points/points/batch", { all: true });
    await send("DELETE", "/api/v1/rag/documents?all=true");
    expect([name, target, await usage()]).toMatchObject([name, target, { items: 0 }]);
  }
});

test("what is removed after a refusal is room at once, whatever it was and however it went", async ({ server }) => {
  const { send, exceeded, usage } = await within(server, { items: 1 });
  await send("PUT", "/api/v1/collections/c", { dimensions: 4, metric: "dot" });
  const id = "an-id-of-one-s-own-with-22-bytes";
  const points = "/api/v1/collections/c/points";
  const absent = { "if-none-match": "*" };
  const ways = [
    ["PUT", `/api/v1/sessions/${id}`, session(""), `/api/v1/sessions/${id}`],
    ["PUT", points, { points: [point("a")] }, `${points}/a`],
    ["PUT", "/api/v1/rag/documents/d", { text: "About d." }, "/api/v1/rag/documents/d"],
    ["POST", "/api/v1/conversations/c/messages", post("one"), "/api/v1/conversations/c"],
    ["PUT", points, { points: [point("a")] }, "/api/v1/collections/c"],
  ] as const;
  for (const [method, path, body, gone] of ways) {
    expect([path, (await send(method, path, body, path.endsWith(id) ? absent : {})).status < 300]).toEqual([
      path,
      true,
    ]);
    for (let n = 0; n < 2; n++) await exceeded(await send("POST", "/api/v1/sessions", session("")));
    expect([gone, (await send("DELETE", gone)).status]).toEqual([gone, 204]);
    expect([path, (await send("POST", "/api/v1/sessions", session(""))).status]).toEqual([path, 201]);
    await exceeded(await send("POST", "/api/v1/sessions", session("")));
    expect((await send("DELETE", "/api/v1/sessions?all=true")).status).toBe(200);
  }
  expect(await usage()).toMatchObject({ bytes: 0, items: 0 });
});

test("50 writes at once never pass the quota, and use all of it, in each store and over all of them", async ({
  server,
}) => {
  const { send, usage, set } = await within(server, { items: 20 });
  await send("PUT", "/api/v1/collections/points", { dimensions: 4, metric: "dot" });
  const writes = [
    (n: number) => send("POST", "/api/v1/sessions", session(`${n}`)),
    (n: number) => send("PUT", `/api/v1/cache/k${n}`, "body"),
    (n: number) => send("POST", `/api/v1/conversations/c${n % 7}/messages`, post(`message ${n}`)),
    (n: number) => send("PUT", "/api/v1/collections/points/points", { points: [point(`p${n}`)] }),
  ] as const;
  const atOnce = (write: (n: number) => Promise<Response>) =>
    Promise.all(Array.from({ length: 50 }, (_, n) => write(n)));
  let most = 0;
  for (const write of writes) {
    most += 20;
    await set({ items: most });
    const responses = await atOnce(write);
    expect(statuses(responses).filter((status) => status < 300)).toHaveLength(20);
    expect(statuses(responses).filter((status) => status === 507)).toHaveLength(30);
    expect(await usage()).toMatchObject({ items: most });
  }
  await set({ items: most + 10 });
  const mixed = await atOnce((n) => (writes[n % 4] ?? writes[0])(n + 100));
  expect(statuses(mixed).filter((status) => status < 300)).toHaveLength(10);
  expect(await usage()).toMatchObject({ items: most + 10 });
});

test("a namespace is not touched by another's quota, nor by one that was lifted", async ({ server }) => {
  const { set, send, exceeded } = await within(server, { items: 0 });
  await exceeded(await send("POST", "/api/v1/sessions", session("")));
  expect((await server.send("POST", "/api/v1/sessions", session(""))).status).toBe(201);
  await set({ items: null });
  expect((await send("POST", "/api/v1/sessions", session(""))).status).toBe(201);
});
