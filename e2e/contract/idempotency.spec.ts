import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";
import { expectProblem } from "../support/survival.ts";

const keyed = (key: string, more: Record<string, string> = {}) => ({ "idempotency-key": key, ...more });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

interface Seen {
  status: number;
  replayed: string | null;
  location: string | null;
  etag: string | null;
  body: Record<string, unknown>;
}

async function post(server: TestServer, path: string, body: unknown, headers: Record<string, string>): Promise<Seen> {
  const response = await server.send("POST", path, body, headers);
  return {
    status: response.status,
    replayed: response.headers.get("idempotency-replayed"),
    location: response.headers.get("location"),
    etag: response.headers.get("etag"),
    body: (await response.json()) as Record<string, unknown>,
  };
}

const ROUTES: [path: string, body: unknown][] = [
  ["/api/v1/sessions", { data: { a: 1 } }],
  ["/api/v1/conversations/once-one/messages", { role: "user", content: "Hello" }],
  ["/api/v1/conversations/once-all/messages", { messages: [{ role: "user", content: "One" }] }],
  ["/monitoring/memory/optimize", { dryRun: true }],
  ["/monitoring/memory/profiles", { kind: "allocation-sampling", seconds: 1 }],
  ["/api/v1/rag/reembed", undefined],
  ["/api/v1/rag/documents", { documents: [{ id: "once", source: "once.txt", text: "Sent twice." }] }],
  ["/api/v1/keys/unknown/rotate", undefined],
];

for (const [path, body] of ROUTES) {
  test(`T19: POST ${path} sent again with its Idempotency-Key gives the first answer again`, async ({ server }) => {
    const key = `again ${path}`.replaceAll(" ", "-");
    const first = await post(server, path, body, keyed(key));
    const again = await post(server, path, body, keyed(key));
    expect(first.replayed).toBeNull();
    expect(again).toEqual({ ...first, replayed: "true" });
  });
}

test("a message sent twice with one key is there once, and truncating twice removes once", async ({ server }) => {
  const path = "/api/v1/conversations/once-truncate";
  for (let n = 0; n < 2; n++)
    await post(server, `${path}/messages`, { role: "user", content: "only once" }, keyed("append-1"));
  const first = await post(server, `${path}/messages`, { role: "user", content: "second" }, keyed("append-2"));
  const list = (await (await server.get(`${path}/messages`)).json()) as { items: { content: string }[] };
  expect(list.items.map(({ content }) => content)).toEqual(["only once", "second"]);
  const body = { after: null, messages: [{ role: "user", content: "anew" }] };
  const cut = await post(server, `${path}/truncate`, body, keyed("cut"));
  expect([first.status, cut.status, cut.body.removed]).toEqual([201, 200, 2]);
  expect(await post(server, `${path}/truncate`, body, keyed("cut"))).toEqual({ ...cut, replayed: "true" });
});

test("a created or rotated key is shown once: its repeated answer is without it, and the key works", async ({
  server,
}) => {
  const request = { name: "once", role: "consumer" };
  const { body, ...made } = await post(server, "/api/v1/keys", request, keyed("make"));
  const { key, ...shown } = body;
  const again = await post(server, "/api/v1/keys", request, keyed("make"));
  expect(again).toEqual({ ...made, replayed: "true", body: shown });
  expect(made.location).toBe(`/api/v1/keys/${shown.id}`);
  const rotate = `/api/v1/keys/${shown.id}/rotate`;
  const rotated = await post(server, rotate, undefined, keyed("make"));
  const rotatedAgain = await post(server, rotate, undefined, keyed("make"));
  expect([rotated.status, rotatedAgain.status, rotatedAgain.replayed]).toEqual([200, 200, "true"]);
  expect([typeof rotated.body.key, rotatedAgain.body.key]).toEqual(["string", undefined]);
  expect(rotated.body.key).not.toBe(key);
  const answered = await server.get("/api/v1/sessions", bearer(String(rotated.body.key)));
  expect(answered.status, "the repeat did not rotate again").toBe(200);
});

test("another body under the same key is 422 and does nothing", async ({ server }) => {
  const path = "/api/v1/conversations/once-other/messages";
  await post(server, path, { role: "user", content: "first" }, keyed("other"));
  const response = await server.send("POST", path, { role: "user", content: "second" }, keyed("other"));
  expect(await expectProblem(response, 422)).toBe("idempotency-key-reused");
  const list = (await (await server.get(path)).json()) as { items: unknown[] };
  expect(list.items).toHaveLength(1);
});

test("of ten at once one is done; the others get its answer, or 409 with Retry-After", async ({ server }) => {
  const path = "/api/v1/conversations/once-many/messages";
  const body = { role: "user", content: "x".repeat(10_000) };
  const answers = await Promise.all(Array.from({ length: 10 }, () => server.send("POST", path, body, keyed("many"))));
  const first = answers.filter((answer) => answer.status === 201 && !answer.headers.has("idempotency-replayed"));
  expect(first).toHaveLength(1);
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await expectProblem(answer, 409)).toBe("idempotency-key-in-use");
  }
  const list = (await (await server.get(path)).json()) as { items: unknown[] };
  expect(list.items).toHaveLength(1);
});

test("the key counts for its caller, its namespace and its path", async ({ server }) => {
  const body = { data: {} };
  const one = bearer(await server.createKey("consumer"));
  const two = bearer(await server.createKey("consumer"));
  const ids = new Set<unknown>();
  for (const headers of [one, two, {}, { "x-namespace": "once-elsewhere" }]) {
    const made = await post(server, "/api/v1/sessions", body, keyed("mine", headers));
    expect([made.status, made.replayed]).toEqual([201, null]);
    ids.add(made.body.id);
  }
  expect(ids.size).toBe(4);
  const message = { role: "user", content: "x" };
  for (const [path, replayed] of [
    ["/api/v1/conversations/once-a/messages", null],
    ["/api/v1/conversations/once-b/messages", null],
    ["/api/v1/conversations/once-%61/messages", "true"],
  ] as const) {
    expect((await post(server, path, message, keyed("mine"))).replayed).toBe(replayed);
  }
});

test("a key that is not 1 to 255 visible ASCII characters is 400 with its header, and makes nothing", async ({
  server,
}) => {
  for (const key of ["", "a b", "a".repeat(256), "ä", "a\tb"]) {
    const response = await server.send("POST", "/api/v1/sessions", { data: {} }, keyed(key));
    const problem = (await response.json()) as { errors: { path: string }[] };
    expect([key, response.status, problem.errors[0]?.path]).toEqual([key, 400, "header.idempotency-key"]);
  }
  const longest = await server.send("POST", "/api/v1/sessions", { data: {} }, keyed("~!".padEnd(255, "a")));
  expect(longest.status).toBe(201);
});

test("a refused body is not kept, a refusal by what is there is", async ({ server }) => {
  const wrong = await server.send("POST", "/api/v1/sessions", { date: 1 }, keyed("mend"));
  expect(wrong.status).toBe(400);
  expect((await post(server, "/api/v1/sessions", { data: 1 }, keyed("mend"))).status).toBe(201);
  const path = "/api/v1/keys/nobody/rotate";
  const first = await post(server, path, undefined, keyed("refused"));
  expect([first.status, first.body.code]).toEqual([404, "not-found"]);
  expect(await post(server, path, undefined, keyed("refused"))).toEqual({ ...first, replayed: "true" });
});

for (const [count, kept] of [
  [14, true],
  [16, false],
] as const) {
  const size = `${((count * 70_000) / 1_048_576).toFixed(2)} MiB`;
  const what = kept ? "the whole" : "the status and the headers, but not the body,";
  test(`of an answer of ${size} ${what} come again`, async ({ server }) => {
    const path = `/api/v1/conversations/once-${String(count)}/messages`;
    const body = { messages: Array.from({ length: count }, () => ({ role: "user", content: "x".repeat(70_000) })) };
    const first = await server.send("POST", path, body, keyed("large"));
    const text = await first.text();
    expect([first.status, text.length > 1_048_576]).toEqual([201, !kept]);
    const again = await server.send("POST", path, body, keyed("large"));
    expect([again.status, again.headers.get("etag")]).toEqual([201, first.headers.get("etag")]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await again.text()) === (kept ? text : "")).toBe(true);
    const list = (await (await server.get(path)).json()) as { items: unknown[] };
    expect(list.items).toHaveLength(count);
  });
}

test("sign-in and other verbs take no key: it is ignored", async ({ server }) => {
  const key = await server.createKey("viewer");
  const cookies = new Set<string | null>();
  for (let n = 0; n < 2; n++) {
    const response = await server.send("POST", "/api/v1/auth/sign-in", { key }, keyed("a b"));
    expect([response.status, response.headers.has("idempotency-replayed")]).toEqual([200, false]);
    cookies.add(response.headers.get("set-cookie"));
  }
  expect(cookies.size).toBe(2);
});
