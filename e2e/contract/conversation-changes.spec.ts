import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { codeOf, fresh, inNamespace, json } from "../support/rag.ts";
import type { TestServer } from "../support/server.ts";

interface Message {
  id: string;
  sequence: number;
  content: unknown;
  version: number;
  createdAt: string;
  updatedAt: string;
}
interface Conversation {
  id: string;
  title: string | null;
  owner: string | null;
  metadata: unknown;
  messages: number;
  version: number;
  createdAt: string;
}

function caller(server: TestServer, namespace: string, id = "c1") {
  const base = `/api/v1/conversations/${id}`;
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    server.send(method, `${base}${path}`, body, { ...inNamespace(namespace), ...headers });
  return {
    send,
    get: (path: string, headers: Record<string, string> = {}) =>
      server.get(`${base}${path}`, { ...inNamespace(namespace), ...headers }),
    say: (...ids: string[]) =>
      send("POST", "/messages", { messages: ids.map((one) => ({ id: one, role: "user", content: `text ${one}` })) }),
    ids: async (query = "") =>
      (
        await json<{ items: Message[] }>(await server.get(`${base}/messages${query}`, inNamespace(namespace)))
      ).items.map(({ id: one }) => one),
  };
}

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `m${at + 1}`);

test("messages are read backwards, between two of them, and from the end, in one call each", async ({ server }) => {
  const { get, say, ids } = caller(server, fresh());
  const all = numbered(30);
  await say(...all);
  expect(await ids("?order=desc&limit=3")).toEqual(["m30", "m29", "m28"]);
  expect(await ids("?last=3")).toEqual(["m28", "m29", "m30"]);
  expect(await ids("?last=2&order=desc")).toEqual(["m30", "m29"]);
  expect(await ids("?last=2&before=m10")).toEqual(["m8", "m9"]);
  expect(await ids("?after=m27")).toEqual(["m28", "m29", "m30"]);
  expect(await ids("?after=m3&before=m6&order=desc")).toEqual(["m5", "m4"]);
  expect(await ids("?after=m6&before=m3")).toEqual([]);
  const seen: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await json<{ items: Message[]; nextCursor: string | null }>(
      await get(`/messages?order=desc&before=m29&limit=7${cursor && `&cursor=${cursor}`}`),
    );
    seen.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(all.slice(0, 28).toReversed());
  for (const query of ["?order=up", "?last=0", "?last=501", "?last=2&limit=3", "?before=", "?latest=2"])
    expect((await get(`/messages${query}`)).status).toBe(400);
  expect(await codeOf(await get("/messages?before=m99"))).toEqual([404, "not-found"]);
});

test("an edited message keeps its place, and is found by its new text and never by the old", async ({ server }) => {
  const namespace = fresh();
  const { send, get, say } = caller(server, namespace);
  await say("m1", "m2", "m3");
  const find = async (query: string, mode: string) =>
    (
      await json<{ matches: Message[]; pending: number }>(
        await server.send("POST", "/api/v1/conversations/search", { query, mode }, inNamespace(namespace)),
      )
    ).matches.map(({ id }) => id);
  const before = await json<Message>(await send("PUT", "/messages/m2", { role: "user", content: "walrus" }));
  await expect.poll(() => find("walrus", "vector")).toContain("m2");
  const content = [{ type: "text", text: "The telescope is heavy." }];
  const edited = await send("PUT", "/messages/m2", { role: "assistant", content });
  const now = await json<Message>(edited);
  expect([edited.status, now]).toMatchObject([200, { id: "m2", sequence: 2, content, createdAt: before.createdAt }]);
  expect(now.version).toBeGreaterThan(before.version);
  expect(await find("walrus", "keyword")).toEqual([]);
  expect(await find("telescope", "keyword")).toEqual(["m2"]);
  const context = await json<{ messages: { content: unknown }[] }>(
    await server.send(
      "POST",
      "/api/v1/rag/context",
      { query: "next?", conversationId: "c1", maxTokens: 1_000, k: 0 },
      inNamespace(namespace),
    ),
  );
  expect(JSON.stringify(context.messages)).not.toContain("walrus");
  expect(JSON.stringify(context.messages)).toContain("telescope");
  expect((await send("DELETE", "/messages/m2")).status).toBe(204);
  expect(await find("telescope", "keyword")).toEqual([]);
  expect(await codeOf(await get("/messages/m2"))).toEqual([404, "not-found"]);
  expect(await codeOf(await send("DELETE", "/messages/m2"))).toEqual([404, "not-found"]);
  expect(await codeOf(await send("PUT", "/messages/m2", { role: "user", content: "x" }))).toEqual([404, "not-found"]);
  expect((await json<Message>(await get("/messages/m3"))).sequence).toBe(3);
});

test("conditions hold on messages and conversations, by ETag and by version, and a refused change changes nothing", async ({
  server,
}) => {
  const namespace = fresh();
  const { send, get, say, ids } = caller(server, namespace);
  await say("m1", "m2");
  const read = await get("/messages/m1");
  const tag = read.headers.get("etag") ?? "";
  const version = read.headers.get("x-version") ?? "";
  expect(tag).toBe(`"${version}"`);
  expect((await get("/messages/m1", { "if-none-match": tag })).status).toBe(304);
  const body = { role: "user", content: "edited" };
  for (const headers of [{ "if-match": '"zz"' }, { "if-version": "77" }, { "if-none-match": "*" }]) {
    expect(await codeOf(await send("PUT", "/messages/m1", body, headers))).toEqual([412, "version-mismatch"]);
    expect(await codeOf(await send("DELETE", "/messages/m1", undefined, headers))).toEqual([412, "version-mismatch"]);
  }
  const edited = await send("PUT", "/messages/m1", body, { "if-match": tag });
  expect([edited.status, edited.headers.get("etag") === tag]).toEqual([200, false]);
  expect((await send("PUT", "/messages/m1", body, { "if-version": version })).status).toBe(412);

  const whole = await get("");
  const conversationTag = whole.headers.get("etag") ?? "";
  expect((await get("", { "if-none-match": conversationTag })).status).toBe(304);
  await say("m3");
  for (const [method, path, sent] of [
    ["PUT", "", { title: "x" }],
    ["PATCH", "", { title: "x" }],
    ["DELETE", "", undefined],
    ["POST", "/truncate", { after: null }],
    ["POST", "/messages", { role: "user", content: "x" }],
  ] as const)
    expect(await codeOf(await send(method, path, sent, { "if-match": conversationTag }))).toEqual([
      412,
      "version-mismatch",
    ]);
  expect(await ids()).toEqual(["m1", "m2", "m3"]);
  const current = await json<Conversation>(await get(""));
  expect((await send("PATCH", "", { title: "x" }, { "if-version": String(current.version) })).status).toBe(200);
  // The same id made again is another resource.
  const old = (await get("")).headers.get("etag") ?? "";
  await send("DELETE", "");
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(current.createdAt) + 1);
  expect((await send("PUT", "", {}, { "if-none-match": "*" })).status).toBe(201);
  expect((await send("PUT", "", {}, { "if-none-match": "*" })).status).toBe(412);
  expect((await send("PUT", "", {}, { "if-match": old })).status).toBe(412);
});

test("a turn is regenerated, or edited, in one atomic call, and the same call again ends in the same state", async ({
  server,
}) => {
  const { send, get, say, ids } = caller(server, fresh());
  await say(...numbered(6));
  const created = (await json<Conversation>(await get(""))).createdAt;
  const answer = { id: "m6b", role: "assistant", content: [{ type: "text", text: "another answer" }] };
  for (let time = 0; time < 2; time++) {
    const cut = await send("POST", "/truncate", { after: "m5", messages: [answer] });
    expect([cut.status, await json(cut)]).toMatchObject([
      200,
      { removed: 1, messages: [answer], conversation: { messages: 6, createdAt: created } },
    ]);
    expect(await ids()).toEqual(["m1", "m2", "m3", "m4", "m5", "m6b"]);
  }
  // The question under its own id, and a new answer.
  const turn = [{ id: "m5", role: "user", content: "edited" }, answer];
  const edited = await json<{ messages: Message[] }>(await send("POST", "/truncate", { after: "m4", messages: turn }));
  expect(edited.messages.map(({ id }) => id)).toEqual(["m5", "m6b"]);
  expect(new Set(edited.messages.map(({ sequence }) => sequence)).size).toBe(2);
  const all = await ids();
  for (const [body, status] of [
    [{ after: "m99" }, 404],
    [{ after: "m1", messages: [{ id: "m1", role: "user", content: "another" }] }, 409],
    [{ after: "m1", messages: [{ role: "user", content: 5 }] }, 400],
    [{ after: "m1", messages: [] }, 400],
    [{}, 400],
    [{ after: 1 }, 400],
    [{ after: "m1", before: "m2" }, 400],
  ] as const)
    expect((await send("POST", "/truncate", body)).status).toBe(status);
  expect(await ids()).toEqual(all);
  expect((await json<{ removed: number }>(await send("POST", "/truncate", { after: null }))).removed).toBe(6);
  expect([await ids(), (await get("")).status]).toEqual([[], 200]);
  expect(await codeOf(await caller(server, fresh()).send("POST", "/truncate", { after: null }))).toEqual([
    404,
    "not-found",
  ]);
});

test("a conversation says its title, owner and metadata, which PUT replaces and PATCH merges", async ({ server }) => {
  const namespace = fresh();
  const { send, get, say } = caller(server, namespace);
  expect(await codeOf(await get(""))).toEqual([404, "not-found"]);
  expect(await codeOf(await send("PATCH", "", { title: "x" }))).toEqual([404, "not-found"]);
  const metadata = { a: { b: 1, c: null }, list: [1], constructor: 1 };
  const made = await send("PUT", "", { title: "Trip to Rome", owner: "anna", metadata });
  const first = await json<Conversation>(made);
  expect([made.status, first]).toMatchObject([
    201,
    { id: "c1", title: "Trip to Rome", owner: "anna", metadata, messages: 0, version: 1 },
  ]);
  await say("m1");
  const merged = await json<Conversation>(await send("PATCH", "", { metadata: { a: { b: null }, d: 2 }, title: null }));
  expect(merged).toMatchObject({ title: null, owner: "anna", messages: 1, createdAt: first.createdAt });
  expect(merged.metadata).toEqual({ a: { c: null }, list: [1], constructor: 1, d: 2 });
  expect(merged.version).toBeGreaterThan(first.version);
  const replaced = await send("PUT", "", { title: "Rome" });
  expect([replaced.status, await json(replaced)]).toMatchObject([
    200,
    { title: "Rome", owner: null, metadata: null, messages: 1 },
  ]);
  const large = { big: "x".repeat(40_000) };
  await send("PATCH", "", { metadata: large });
  for (const [body, status, path] of [
    [{ title: 5 }, 400, "/title"],
    [{ title: "" }, 400, "/title"],
    [{ title: "x".repeat(1_025) }, 400, "/title"],
    [{ owner: "" }, 400, "/owner"],
    [{ owner: "x".repeat(257) }, 400, "/owner"],
    [{ metadata: [] }, 400, "/metadata"],
    [{ metadata: { other: "x".repeat(40_000) } }, 413, "/metadata"],
    [{ name: "x" }, 400, "/name"],
  ] as const) {
    const refused = await send("PATCH", "", body);
    const problem = await json<{ errors: { path: string }[] }>(refused);
    expect([refused.status, problem.errors[0]?.path]).toEqual([status, path]);
  }
  expect(await json(await get(""))).toMatchObject({ title: "Rome", metadata: large });
});

test("conversations are listed and deleted by owner and by prefix, sorted, and never without a selector", async ({
  server,
}) => {
  const namespace = fresh();
  const list = async (query: string) =>
    (
      await json<{ items: Conversation[] }>(await server.get(`/api/v1/conversations${query}`, inNamespace(namespace)))
    ).items.map(({ id }) => id);
  const remove = (query: string) =>
    server.send("DELETE", `/api/v1/conversations${query}`, undefined, inNamespace(namespace));
  for (const [at, id] of ["chat:1", "chat:2", "chat_3", "Chat:4", "mail:1"].entries()) {
    const { send, say } = caller(server, namespace, id);
    await send("PUT", "", { owner: at % 2 === 0 ? "anna" : "bert" });
    await say(...numbered(at + 1));
  }
  expect((await list("?owner=anna")).sort()).toEqual(["chat:1", "chat_3", "mail:1"]);
  expect((await list("?prefix=chat:")).sort()).toEqual(["chat:1", "chat:2"]);
  expect(await list("?sort=messages")).toEqual(["mail:1", "Chat:4", "chat_3", "chat:2", "chat:1"]);
  expect(await list("?sort=messages&order=asc&owner=anna")).toEqual(["chat:1", "chat_3", "mail:1"]);
  expect(await list("?sort=createdAt&order=asc")).toEqual(["chat:1", "chat:2", "chat_3", "Chat:4", "mail:1"]);
  const seen: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await json<{ items: Conversation[]; nextCursor: string | null }>(
      await server.get(
        `/api/v1/conversations?sort=updatedAt&limit=2${cursor && `&cursor=${cursor}`}`,
        inNamespace(namespace),
      ),
    );
    seen.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  expect(seen.sort()).toEqual(["Chat:4", "chat:1", "chat:2", "chat_3", "mail:1"]);
  for (const query of ["", "?owner=", "?prefix=", "?all=false", "?all=true&owner=anna", "?everything=1", "?dryRun=1"])
    expect((await remove(query)).status).toBe(400);
  expect((await server.get("/api/v1/conversations?sort=title", inNamespace(namespace))).status).toBe(400);
  expect(await json(await remove("?owner=bert&dryRun=1"))).toEqual({ count: 2, bytes: expect.any(Number) });
  expect(await json(await remove("?owner=bert&prefix=chat"))).toEqual({ removed: 1 });
  expect(await list("?owner=bert")).toEqual(["Chat:4"]);
  expect(await json(await remove("?all=true"))).toEqual({ removed: 4 });
  expect(await list("")).toEqual([]);
});

test("a prompt begins with the system text, which is counted, and sends parts as they came", async ({ server }) => {
  const namespace = fresh();
  const { send } = caller(server, namespace);
  const parts = [
    { type: "text", text: "What is on this picture?" },
    { type: "image", data: "A".repeat(20_000) },
  ];
  const call = [{ type: "tool-call", toolCallId: "t1", toolName: "look", input: {} }];
  const result = [{ type: "tool-result", toolCallId: "t1", output: { type: "text", value: "a cat" } }];
  const messages = [
    { role: "system", content: "Kept." },
    { role: "user", content: parts },
    { role: "assistant", content: call },
    { role: "tool", content: result },
    { id: "a1", role: "assistant", content: "A cat." },
  ];
  await send("POST", "/messages", { messages });
  const build = (more: object) =>
    server.send(
      "POST",
      "/api/v1/rag/context",
      { query: "next?", conversationId: "c1", maxTokens: 400, k: 0, model: "gpt-4o", ...more },
      inNamespace(namespace),
    );
  const built = await json<{ messages: object[]; tokens: { total: number } }>(await build({ system: "Be brief." }));
  expect(built.messages).toMatchObject([
    { role: "system", content: "Be brief." },
    ...messages.map(({ role, content }) => ({ role, content })),
    { role: "user", content: "next?" },
  ]);
  const without = await json<{ tokens: { total: number } }>(await build({}));
  expect(built.tokens.total).toBeGreaterThan(without.tokens.total);
  const tight = await json<{ messages: object[] }>(await build({ system: "Be brief.", maxTokens: 45 }));
  expect(JSON.stringify(tight.messages)).not.toContain("tool-");
  expect(await codeOf(await build({ system: "word ".repeat(500) }))).toEqual([422, "unprocessable"]);
  expect(await codeOf(await build({ system: 5 }))).toEqual([400, "validation-failed"]);
  expect(await codeOf(await build({ system: "" }))).toEqual([400, "validation-failed"]);
  const first = await json<{ messages: object[] }>(await build({ system: "Be brief.", conversationId: "unknown" }));
  expect(first.messages).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "next?" },
  ]);
});
