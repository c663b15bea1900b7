import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { codeOf, fresh, inNamespace, json } from "../support/rag.ts";
import type { TestServer } from "../support/server.ts";

interface Message {
  id: string;
  sequence: number;
  content: unknown;
  metadata: unknown;
}

const target = "/api/v1/conversations/c1/messages";
const call = (server: TestServer, namespace: string) => ({
  append: (body: unknown) => server.send("POST", target, body, inNamespace(namespace)),
  list: async () => (await json<{ items: Message[] }>(await server.get(target, inNamespace(namespace)))).items,
});

test("content in parts comes back as it was sent, and its text is searched", async ({ server }) => {
  const namespace = fresh();
  const { append, list } = call(server, namespace);
  const content = [
    { type: "text", text: "My dog is called Bello.\u0000 日本 😀" },
    { type: "image", data: "A".repeat(80_000), nested: { b: [1, 2.5, null, true], a: { constructor: 1 } } },
    { type: "tool-weather", toolCallId: "t1", input: { city: "Rome" }, state: "output-available" },
    { type: "ours", text: "not looked at" },
  ];
  const sent = await append({ role: "user", content, metadata: JSON.parse('{"__proto__":{"a":1},"constructor":2}') });
  expect(sent.status).toBe(201);
  expect((await json<Message>(sent)).content).toEqual(content);
  const [kept] = await list();
  expect(JSON.stringify(kept?.content)).toBe(JSON.stringify(content));
  expect(JSON.stringify(kept?.metadata)).toBe('{"__proto__":{"a":1},"constructor":2}');
  const find = async (query: string) =>
    (
      await json<{ matches: Message[] }>(
        await server.send("POST", "/api/v1/conversations/search", { query, mode: "keyword" }, inNamespace(namespace)),
      )
    ).matches;
  expect((await find("Bello"))[0]?.content).toEqual(content);
  expect(await find("weather Rome")).toEqual([]);
});

test("the same message sent again under its own id is the same message, and another under that id is a conflict", async ({
  server,
}) => {
  const namespace = fresh();
  const { append, list } = call(server, namespace);
  const message = { id: "__proto__", role: "user", content: [{ type: "text", text: "hi", n: 1 }], metadata: { a: 1 } };
  const first = await append(message);
  expect(first.status).toBe(201);
  const made = await json<Message>(first);
  expect(made).toMatchObject({ id: "__proto__", sequence: 1 });
  const again = await append({ ...message, content: [{ n: 1, text: "hi", type: "text" }] });
  expect([again.status, await json<Message>(again)]).toEqual([200, made]);
  for (const other of [{ content: "hi" }, { role: "assistant" }, { metadata: { a: 2 } }])
    expect(await codeOf(await append({ ...message, ...other }))).toEqual([409, "conflict"]);
  expect(await list()).toEqual([made]);
  const twice = await Promise.all([append({ ...message, id: "m2" }), append({ ...message, id: "m2" })]);
  expect(twice.map(({ status }) => status).sort()).toEqual([200, 201]);
});

test("up to 100 messages are appended at once, all or none, and a batch sent again appends only what is missing", async ({
  server,
}) => {
  const namespace = fresh();
  const { append, list } = call(server, namespace);
  const messages = Array.from({ length: 100 }, (_, at) => ({
    id: `m${at}`,
    role: at % 2 === 0 ? "user" : "assistant",
    content: `line ${at}`,
  }));
  const first = await append({ messages: messages.slice(0, 60) });
  expect(first.status).toBe(201);
  expect((await json<{ messages: Message[] }>(first)).messages.map(({ sequence }) => sequence)).toEqual(
    messages.slice(0, 60).map((_, at) => at + 1),
  );
  const bad: [unknown[], number, string][] = [
    [
      [
        { role: "user", content: "a" },
        { role: "robot", content: "b" },
      ],
      400,
      "/messages/1/role",
    ],
    [
      [
        { role: "user", content: "a" },
        { role: "user", content: 7 },
      ],
      400,
      "/messages/1/content",
    ],
    [
      [
        { role: "user", content: "a" },
        { role: "user", content: [{ type: 5 }] },
      ],
      400,
      "/messages/1/content/0/type",
    ],
    [
      [
        { role: "user", content: "a" },
        { role: "user", content: "x".repeat(1_048_577) },
      ],
      413,
      "/messages/1/content",
    ],
    [
      [
        { role: "user", content: "a" },
        { ...messages[3], content: "another" },
      ],
      409,
      "/messages/1/id",
    ],
    [
      [
        { role: "user", content: "a", id: "new" },
        { role: "user", content: "b", id: "new" },
      ],
      409,
      "/messages/1/id",
    ],
    [Array.from({ length: 101 }, () => ({ role: "user", content: "a" })), 400, "/messages"],
    [[], 400, "/messages"],
  ];
  for (const [batch, status, path] of bad) {
    const refused = await append({ messages: batch });
    const problem = await json<{ errors: { path: string }[] }>(refused);
    expect([refused.status, problem.errors.map((error) => error.path)]).toEqual([status, [path]]);
  }
  expect(await list()).toHaveLength(50);
  const again = await append({ messages });
  expect(again.status).toBe(201);
  const places = (await json<{ messages: Message[] }>(again)).messages.map(({ id, sequence }) => [id, sequence]);
  expect(places).toEqual(messages.map(({ id }, at) => [id, at + 1]));
  expect((await append({ messages })).status).toBe(200);
});

test("wrong parts, ids and fields are refused by name, and change nothing", async ({ server }) => {
  const namespace = fresh();
  const { append } = call(server, namespace);
  const bad: [object, number, string][] = [
    [{ content: "x" }, 400, "/role"],
    [{ role: "user" }, 400, "/content"],
    [{ role: "user", content: null }, 400, "/content"],
    [{ role: "user", content: {} }, 400, "/content"],
    [{ role: "user", content: ["text"] }, 400, "/content/0"],
    [{ role: "user", content: [{ type: "text" }] }, 400, "/content/0/text"],
    [{ role: "user", content: [{ type: "" }] }, 400, "/content/0/type"],
    [{ role: "user", content: [{ type: "image", data: "x".repeat(1_048_577) }] }, 413, "/content"],
    [{ role: "user", content: "x", metadata: { a: "x".repeat(65_536) } }, 413, "/metadata"],
    [{ role: "user", content: "x", metadata: [] }, 400, "/metadata"],
    [{ role: "user", content: "x", id: "a\u0001" }, 400, "/id"],
    [{ role: "user", content: "x", id: 5 }, 400, "/id"],
    [{ role: "user", content: "x", other: 1 }, 400, "/other"],
  ];
  for (const [body, status, path] of bad) {
    const refused = await append(body);
    const problem = await json<{ errors: { path: string }[] }>(refused);
    expect([refused.status, problem.errors.map((error) => error.path)]).toEqual([status, [path]]);
  }
  expect(
    (await json<{ items: unknown[] }>(await server.get("/api/v1/conversations", inNamespace(namespace)))).items,
  ).toEqual([]);
});
