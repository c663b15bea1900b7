import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import type { TestServer } from "../support/server.ts";

interface Ingested {
  id: string;
  chunks: number;
  checksum: string;
  embedded: number;
  reused: number;
}
interface Match {
  chunkId: string;
  documentId: string;
  text: string;
  score: number;
  start: number;
  end: number;
  neighbors: { offset: number; text: string }[];
}
interface Answer {
  matches: Match[];
  cached: boolean;
}

const path = (id: string) => `/api/v1/rag/documents/${encodeURIComponent(id)}`;
const inNamespace = (namespace: string) => ({ "x-namespace": namespace });
const json = async <T>(response: Response) => (await response.json()) as T;
const codeOf = async (response: Response) => [response.status, (await json<{ code: string }>(response)).code];

async function ask(server: TestServer, body: object, namespace = "default"): Promise<Answer> {
  const response = await server.send("POST", "/api/v1/rag/query", body, inNamespace(namespace));
  expect(response.status).toBe(200);
  return json<Answer>(response);
}

/** A namespace of its own for each test. */
let made = 0;
const fresh = () => `rag-${process.pid}-${++made}`;

test("a document comes back whole, in chunks whose offsets are true, and is found with its neighbours", async ({
  server,
}) => {
  const namespace = fresh();
  const text = Array.from(
    { length: 60 },
    (_, at) => `Paragraph ${at} tells of the ${at === 33 ? "zeppelin" : "weather"} 😀 and other things.`,
  ).join("\n\n");
  const put = await server.send(
    "PUT",
    path("a/b é"),
    { text, source: "book", page: 7, metadata: { topic: "air" }, chunking: { size: 300, overlap: 60 } },
    inNamespace(namespace),
  );
  expect(put.status).toBe(201);
  const { chunks, embedded } = await json<Ingested>(put);
  expect(embedded).toBe(chunks);
  expect(await json(await server.get(path("a/b é"), inNamespace(namespace)))).toMatchObject({
    text,
    source: "book",
    page: 7,
    chunks,
    metadata: { topic: "air" },
  });
  const page = await json<{ items: Match[] }>(
    await server.get(`${path("a/b é")}/chunks?limit=500`, inNamespace(namespace)),
  );
  expect(page.items).toHaveLength(chunks);
  for (const chunk of page.items) expect(text.slice(chunk.start, chunk.end)).toBe(chunk.text);
  for (const mode of ["vector", "keyword", "hybrid"]) {
    const { matches } = await ask(server, { query: "where is the zeppelin?", k: 3, mode, neighbors: 1 }, namespace);
    expect(matches[0]?.text).toContain("zeppelin");
    expect(matches[0]?.neighbors.map(({ offset }) => offset)).toEqual([-1, 1]);
  }
});

test("an unchanged document embeds nothing, a changed one only what changed, a removed one is gone with its cached answers", async ({
  server,
}) => {
  const namespace = fresh();
  const sections = Array.from({ length: 12 }, (_, at) =>
    `Section ${at}. `.padEnd(700, `The ${at}th machine hums in hall ${at}. `),
  );
  const put = async (parts: readonly string[]) =>
    json<Ingested>(
      await server.send("PUT", path("m"), { text: parts.join("\n\n"), source: "s" }, inNamespace(namespace)),
    );
  const first = await put(sections);
  expect(await put(sections)).toMatchObject({ embedded: 0, reused: first.chunks, checksum: first.checksum });
  const changed = await put(
    sections.map((section, at) => (at === 5 ? section.replace("Section 5.", "Section five, altered.") : section)),
  );
  expect(changed.embedded).toBeGreaterThan(0);
  expect(changed.embedded).toBeLessThanOrEqual(3);
  expect(changed.reused).toBe(changed.chunks - changed.embedded);
  const query = { query: "altered section", k: 2 };
  expect((await ask(server, query, namespace)).cached).toBe(false);
  const again = await ask(server, { ...query, query: "  Altered   section " }, namespace);
  expect(again.cached).toBe(true);
  expect(again.matches[0]?.text).toContain("altered");
  expect((await server.send("DELETE", path("m"), undefined, inNamespace(namespace))).status).toBe(204);
  expect(await ask(server, query, namespace)).toMatchObject({ matches: [], cached: false });
  expect((await server.get(path("m"), inNamespace(namespace))).status).toBe(404);
});

test("T26: namespaces see nothing of each other's documents, answers or conversations", async ({ server }) => {
  const [ours, theirs] = [fresh(), fresh()];
  const key = { authorization: `Bearer ${await server.createKey("consumer", theirs)}` };
  await server.send(
    "PUT",
    path("secret"),
    { text: "The password of the vault is tangerine.", source: "s" },
    inNamespace(ours),
  );
  await server.send(
    "POST",
    "/api/v1/conversations/talk/messages",
    { role: "user", content: "tangerine" },
    inNamespace(ours),
  );
  expect((await ask(server, { query: "vault password" }, ours)).matches).toHaveLength(1);
  expect((await server.get(path("secret"), key)).status).toBe(404);
  expect((await server.send("DELETE", path("secret"), undefined, key)).status).toBe(404);
  expect(await json(await server.send("POST", "/api/v1/rag/query", { query: "vault password" }, key))).toMatchObject({
    matches: [],
  });
  expect((await server.get("/api/v1/conversations/talk/messages", key)).status).toBe(404);
  expect(
    await json(await server.send("POST", "/api/v1/conversations/search", { query: "tangerine" }, key)),
  ).toMatchObject({ matches: [] });
  // Elsewhere the conversation does not exist: nothing of it is in the prompt.
  expect(
    await json(
      await server.send("POST", "/api/v1/rag/context", { query: "x", conversationId: "talk", maxTokens: 500 }, key),
    ),
  ).toMatchObject({ messages: [{ role: "user", content: "x" }], tokens: { history: 0 }, dropped: [] });
});

test("filters hold before the best k are taken, and what does not fit its schema is refused by name", async ({
  server,
}) => {
  const namespace = fresh();
  const documents = Array.from({ length: 40 }, (_, at) => ({
    id: `d${at}`,
    text: `A note on gardens, number ${at}.`,
    source: "notes",
    page: at,
    language: at % 2 ? "de" : "en",
    metadata: { rank: at, __proto__: { polluted: 1 } },
  }));
  const batch = await server.send(
    "POST",
    "/api/v1/rag/documents",
    { documents: [...documents, { id: "", text: "x" }, { id: "blank", text: " " }] },
    inNamespace(namespace),
  );
  expect(batch.status).toBe(207);
  const { results } = await json<{ results: { status: number; index: number }[] }>(batch);
  expect(results.map(({ status }) => status)).toEqual([...documents.map(() => 201), 400, 400]);
  const wanted = await ask(
    server,
    { query: "gardens", k: 5, filter: { language: "de", rank: { gte: 30 } } },
    namespace,
  );
  expect(wanted.matches.map(({ documentId }) => documentId).sort()).toEqual(["d31", "d33", "d35", "d37", "d39"]);
  expect((await ask(server, { query: "gardens", filter: { rank: { gt: 100 } } }, namespace)).matches).toEqual([]);
  const limited = await ask(server, { query: "gardens", k: 40, mode: "vector", minScore: 0.5 }, namespace);
  for (const { score } of limited.matches) expect(score).toBeGreaterThanOrEqual(0.5);
  for (const body of [
    {},
    { query: " " },
    { query: "x", k: 0 },
    { query: "x", k: 1e9 },
    { query: "x", k: 1.5 },
    { query: "x", k: "10" },
    { query: "x", mode: "magic" },
    { query: "x", unknown: 1 },
    { query: "x", filter: { a: { regex: "(a+)+$" } } },
    { query: "x", neighbors: 99 },
  ])
    expect(await codeOf(await server.send("POST", "/api/v1/rag/query", body, inNamespace(namespace)))).toEqual([
      400,
      "validation-failed",
    ]);
});

test("an item over its limit is 413 with the field it is in, a message's as a document's, and nothing is kept", async ({
  server,
}) => {
  const key = inNamespace(fresh());
  const metadata = { image: "A".repeat(80_000) };
  for (const [method, route, body, field] of [
    ["POST", "/api/v1/conversations/c/messages", { role: "user", content: "x", metadata }, "/metadata"],
    ["POST", "/api/v1/conversations/c/messages", { role: "user", content: "x".repeat(1_048_577) }, "/content"],
    ["PUT", path("d"), { text: "x", metadata }, "/metadata"],
  ] as const) {
    const refused = await server.send(method, route, body, key);
    expect([refused.status, await refused.json()]).toMatchObject([
      413,
      { code: "item-too-large", errors: [{ path: field }] },
    ]);
  }
  // What is wrong besides is no question of size.
  expect(await codeOf(await server.send("PUT", path("d"), { text: "x", metadata, colour: "red" }, key))).toEqual([
    400,
    "validation-failed",
  ]);
  const batch = await server.send(
    "POST",
    "/api/v1/rag/documents",
    { documents: [{ id: "d", text: "x", metadata }] },
    key,
  );
  expect(await batch.json()).toMatchObject({ results: [{ status: 413, problem: { code: "item-too-large" } }] });
  expect(await json(await server.get("/api/v1/rag/documents", key))).toMatchObject({ items: [] });
  expect((await server.get("/api/v1/conversations/c/messages", key)).status).toBe(404);
});

test("messages keep their order, whoever appends at once; roles are checked; lists go by page and role", async ({
  server,
}) => {
  const namespace = fresh();
  const target = "/api/v1/conversations/c1/messages";
  const append = (content: string, role = "user") =>
    server.send("POST", target, { role, content }, inNamespace(namespace));
  const sent = await Promise.all(
    Array.from({ length: 40 }, (_, at) => append(`message ${at}`, at % 4 === 3 ? "assistant" : "user")),
  );
  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 201));
  const places = await Promise.all(sent.map(async (response) => (await json<{ sequence: number }>(response)).sequence));
  expect([...places].sort((a, b) => a - b)).toEqual(places.map((_, at) => at + 1));
  const seen: number[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { items: { sequence: number }[]; nextCursor: string | null } = await json(
      await server.get(`${target}?limit=7${cursor && `&cursor=${cursor}`}`, inNamespace(namespace)),
    );
    seen.push(...page.items.map(({ sequence }) => sequence));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(places.map((_, at) => at + 1));
  const assistants = await json<{ items: unknown[] }>(
    await server.get(`${target}?role=assistant`, inNamespace(namespace)),
  );
  expect(assistants.items).toHaveLength(10);
  expect(await codeOf(await append("x", "robot"))).toEqual([400, "validation-failed"]);
  expect((await server.send("DELETE", "/api/v1/conversations/c1", undefined, inNamespace(namespace))).status).toBe(204);
  expect((await server.get(target, inNamespace(namespace))).status).toBe(404);
});

test("past messages are found by their words at once, and by meaning as soon as they are embedded", async ({
  server,
}) => {
  const namespace = fresh();
  const tail = `${"The gardener watered the roses. ".repeat(60)}The submarine pings at forty kilohertz.`;
  for (const content of ["My dog is called Bello.", "The invoice is due on Monday.", tail])
    await server.send("POST", "/api/v1/conversations/c/messages", { role: "user", content }, inNamespace(namespace));
  const find = async (query: string, mode?: string) =>
    json<{ matches: { content: string; conversationId: string }[]; pending: number }>(
      await server.send(
        "POST",
        "/api/v1/conversations/search",
        { query, k: 1, ...(mode === undefined ? {} : { mode }) },
        inNamespace(namespace),
      ),
    );
  const first = await find("what is Bello?");
  expect(first.pending).toBe(3);
  expect(first.matches[0]).toMatchObject({ content: "My dog is called Bello.", conversationId: "c" });
  await expect.poll(async () => (await find("x")).pending).toBe(0);
  expect((await find("what is the name of the pet?")).matches[0]?.content).toBe("My dog is called Bello.");
  expect((await find("sonar of a boat under water", "vector")).matches[0]?.content).toBe(tail);
  expect((await find("what is the pet's name?", "keyword")).matches).toEqual([]);
  expect(
    await codeOf(
      await server.send("POST", "/api/v1/conversations/search", { query: "x", mode: "dense" }, inNamespace(namespace)),
    ),
  ).toEqual([400, "validation-failed"]);
});

test("words are found by another form in the document's language, told or seen, and as English ones where it is unknown", async ({
  server,
}) => {
  const namespace = fresh();
  const documents = [
    { id: "de", text: "Die Häuser in der Hafenstraße stehen seit Jahren leer.", language: "de-DE" },
    { id: "fr", text: "Le but de l'équipe est tombé à la dernière minute.", language: "fr" },
    { id: "ru", text: "Соседка гуляет с редкими кошками.", language: "ru" },
    { id: "es", text: "Las canciones de la radio son las que más se escuchan en el barrio." },
    { id: "en", text: "The wings of the plane were covered with ice, and it could not take off." },
    { id: "pl", text: "Runnings zorgs.", language: "pl" },
  ];
  const put = await server.send("POST", "/api/v1/rag/documents", { documents }, inNamespace(namespace));
  expect(put.status).toBe(200);
  const found = async (query: string) =>
    (await ask(server, { query, mode: "keyword", k: 3 }, namespace)).matches.map(({ documentId }) => documentId);
  expect(await found("Welches Haus ist das?")).toEqual(["de"]);
  expect((await found("Quel est le but ?"))[0]).toBe("fr");
  expect(await found("редкая кошка")).toEqual(["ru"]);
  expect(await found("canción")).toEqual(["es"]);
  expect(await found("what is a wing")).toEqual(["en"]);
  expect(await found("zorgs")).toEqual(["pl"]);
  expect(await found("zorg")).toEqual(["pl"]);
  const say = (content: string) =>
    server.send("POST", "/api/v1/conversations/c/messages", { role: "user", content }, inNamespace(namespace));
  await say("Ich habe gestern die alten Bücher vom Dachboden geholt, und sie sind alle noch gut.");
  await say("Wir waren mit dem Hund am See und es war sehr schön.");
  const answer = await server.send(
    "POST",
    "/api/v1/conversations/search",
    { query: "Wo ist das Buch?", mode: "keyword" },
    inNamespace(namespace),
  );
  const { matches } = await json<{ matches: { content: string }[] }>(answer);
  expect(matches.map(({ content }) => content.includes("Bücher"))).toEqual([true]);
});

test("a context fits its budget, cites true offsets, says what it dropped, and a budget too small is 422", async ({
  server,
}) => {
  const namespace = fresh();
  const text =
    "The boundary layer thickens along the plate. Its heat transfer falls with the square root of the distance.";
  await server.send("PUT", path("plate"), { text, source: "plate.txt" }, inNamespace(namespace));
  const append = (role: string, content: string) =>
    server.send("POST", "/api/v1/conversations/c/messages", { role, content }, inNamespace(namespace));
  await append("system", "Answer briefly.");
  for (let turn = 0; turn < 30; turn++) {
    await append("user", `Question ${turn}: what about the plate at station ${turn}?`);
    await append("assistant", `Answer ${turn}: it is station ${turn}, and the flow is steady there.`);
  }
  const build = (maxTokens: number) =>
    server.send(
      "POST",
      "/api/v1/rag/context",
      { query: "How does heat transfer change?", conversationId: "c", maxTokens, model: "gpt-4o" },
      inNamespace(namespace),
    );
  const built = await json<{
    messages: { role: string; content: string }[];
    citations: { start: number; end: number }[];
    tokens: { total: number; saved: number };
    dropped: unknown[];
    tokenizer: unknown;
  }>(await build(600));
  expect(built.tokens.total).toBeLessThanOrEqual(600);
  expect(built.tokens.saved).toBeGreaterThan(0);
  expect(built.dropped.length).toBeGreaterThan(0);
  expect(built.tokenizer).toMatchObject({ encoding: "o200k_base", exact: true });
  expect(built.messages[0]).toEqual({ role: "system", content: "Answer briefly." });
  expect(built.messages.at(-1)).toEqual({ role: "user", content: "How does heat transfer change?" });
  expect(built.messages.some(({ content }) => content.startsWith("Answer 29"))).toBe(true);
  const [citation] = built.citations;
  expect(built.messages.at(-2)?.content).toContain(text.slice(citation?.start, citation?.end));
  expect(await codeOf(await build(12))).toEqual([422, "unprocessable"]);
});

test("a trimmed history begins with a user, and messages beyond the cap are told as a limit", async ({ server }) => {
  const namespace = fresh();
  const lines = Array.from({ length: 30 }, (_, at) => [at % 2 === 0 ? "user" : "assistant", `line ${at}`] as const);
  for (const [role, content] of [["system", "Be brief."] as const, ...lines])
    await server.send("POST", "/api/v1/conversations/c/messages", { role, content }, inNamespace(namespace));
  const build = async (maxTokens: number, model?: string) =>
    json<{ messages: { role: string; content: string }[]; dropped: object[] }>(
      await server.send(
        "POST",
        "/api/v1/rag/context",
        { query: "next?", conversationId: "c", maxTokens, k: 0, ...(model === undefined ? {} : { model }) },
        inNamespace(namespace),
      ),
    );
  for (let maxTokens = 45; maxTokens < 300; maxTokens += 15) {
    const { messages } = await build(maxTokens, "claude-3-5-sonnet");
    expect(messages.find(({ role }) => role !== "system")).toMatchObject({ role: "user" });
  }
  const whole = await build(100_000);
  expect(whole.messages.map(({ content }) => content)).toEqual([
    "Be brief.",
    ...lines.map(([, content]) => content),
    "next?",
  ]);
  expect(whole.dropped).toEqual([]);
  const patch = (contextMaxMessages: number | null) => server.send("PATCH", "/api/v1/settings", { contextMaxMessages });
  expect((await patch(8)).status).toBe(200);
  try {
    const capped = await build(100_000);
    expect(capped.messages.map(({ content }) => content).slice(0, 2)).toEqual(["Be brief.", "line 22"]);
    expect(capped.dropped).toEqual([{ kind: "older-messages", count: 22, reason: "limit" }]);
  } finally {
    await patch(null);
  }
});

test("the report counts the helper's memory under embeddings, and the breakdown adds up", async ({ server }) => {
  await ask(server, { query: "anything" });
  await server.send("PUT", path("counted"), { text: "Counted.", source: "s" });
  const { sample } = await json<{
    sample: { usedBytes: number; process: { rssBytes: number }; breakdown: { component: string; bytes: number }[] };
  }>(await server.get("/monitoring/memory"));
  const { embedder } = await json<{ embedder: { memoryBytes: number; state: string } }>(
    await server.get("/api/v1/rag/status"),
  );
  expect(embedder.state).toBe("ready");
  expect(embedder.memoryBytes).toBeGreaterThan(30 * 1_048_576);
  expect(sample.usedBytes).toBeGreaterThan(sample.process.rssBytes + 30 * 1_048_576);
  expect(sample.breakdown.find(({ component }) => component === "embeddings")?.bytes).toBeGreaterThan(30 * 1_048_576);
  expect(sample.breakdown.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(sample.usedBytes);
});
