import { expect } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { codeOf, fresh, inNamespace, json, path } from "../support/rag.ts";

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
  expect(await codeOf(await server.get("/api/v1/conversations/c1", inNamespace(namespace)))).toEqual([
    404,
    "not-found",
  ]);
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
