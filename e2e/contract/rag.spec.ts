import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { ask, codeOf, fresh, type Ingested, inNamespace, json, type Match, path } from "../support/rag.ts";

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
