import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createConversationRows } from "../../backends/sqlite/conversation-rows.ts";
import type { DatabaseClient } from "../../backends/sqlite/database-client.ts";
import { createEmbeddingRows } from "../../backends/sqlite/embedding-rows.ts";
import { createMessageIndexRows } from "../../backends/sqlite/message-index-rows.ts";
import { Namespaces } from "../../backends/sqlite/rag-namespaces.ts";
import { openTestDatabase } from "../../backends/sqlite/testing/open-database.ts";
import type { Embedder, EmbeddingTurn } from "../../ports/embedder.ts";
import { Conversations } from "../../services/conversations.ts";
import { MessageEmbedding } from "../../services/message-embedding.ts";
import type { QueryMode } from "../../services/query-documents.ts";
import type { RagParts } from "../../services/rag-parts.ts";
import { MessageSearch } from "../../services/search-messages.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { EmbeddingCache } from "../../stores/rag/embedding-cache.ts";
import { indexMessage } from "../../stores/rag/index-words.ts";
import { PassageIndex } from "../../stores/rag/passage-index.ts";
import { readableEnd } from "../../stores/rag/reading-limit.ts";
import { RecentMessages } from "../../stores/rag/recent-messages.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { TestAccount } from "../../testing/test-account.ts";

const DIMENSIONS = 64;
/** Words that the stand-in takes for the same. */
const SAME: Record<string, string> = { hound: "dog", feline: "cat" };

/** One direction a word: texts that share words are near. It answers when `release` was called, or at once. */
class WordEmbedder {
  readonly asked: { text: string; lane: EmbeddingTurn["lane"] }[] = [];
  failure: Error | null = null;
  #gate: Promise<void> = Promise.resolve();
  release: () => void = () => undefined;

  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  async embed(texts: readonly string[], { lane }: EmbeddingTurn): Promise<Float32Array[]> {
    this.asked.push(...texts.map((text) => ({ text, lane })));
    await this.#gate;
    if (this.failure !== null) throw this.failure;
    return texts.map((text) => {
      const vector = new Float32Array(DIMENSIONS).fill(0.01);
      for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
        const letters = [...(SAME[word] ?? word)];
        const place = letters.reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % DIMENSIONS, 7);
        vector[place] = (vector[place] ?? 0) + 1;
      }
      return vector;
    });
  }

  state() {
    return { kind: "embedded", model: { id: "words", dimensions: DIMENSIONS } };
  }
}

describe("search of messages", () => {
  let directory: string;
  /** Of its own for each test. */
  let namespace: string;
  let made = 0;
  let database: DatabaseClient;
  let embedder: WordEmbedder;
  let clock: FakeClock;
  let parts: RagParts;
  let embedding: MessageEmbedding;
  let search: MessageSearch;
  let conversations: Conversations;
  let waits: [string, unknown][] = [];

  /** As after a start: nothing is in memory. */
  async function compose(): Promise<void> {
    const index = { namespaces: await Namespaces.open(database), model: () => "words", wordsOf: indexMessage };
    const messageRows = await createMessageIndexRows(database, index);
    const account = () => new TestAccount(2 ** 30, "rag");
    const bounds = { maxItems: 100, maxBytes: 2 ** 20, maxRows: 10_000 };
    const yieldToLoop = () => new Promise<void>((resolve) => setImmediate(resolve));
    // The parts that searching messages looks at.
    parts = {
      clock,
      messageRows,
      conversations: await createConversationRows(database, index),
      embeddings: new EmbeddingCache(
        embedder as unknown as Embedder,
        createEmbeddingRows(database),
        account(),
        clock,
        bounds,
      ),
      messageIndex: new PassageIndex(messageRows, account(), yieldToLoop),
      windowTurns: new KeyedLock(),
      recent: new RecentMessages({ maxItems: 10, maxBytes: 2 ** 20 }, account(), clock),
      onMessagesWait: (name, error) => waits.push([name, error]),
      reading: { maxTokens: 60, load: async () => readableEnd(60, (text) => text.length) },
    } as Partial<RagParts> as RagParts;
    embedding = new MessageEmbedding(parts);
    search = new MessageSearch(parts, embedding);
    conversations = new Conversations(parts);
  }

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), "message-search-"));
    ({ database } = await openTestDatabase({ file: path.join(directory, "headroom.db") }));
  });

  beforeEach(async () => {
    namespace = `n${++made}`;
    embedder = new WordEmbedder();
    waits = [];
    clock = new FakeClock();
    await compose();
  });

  afterEach(async () => {
    embedder.release();
    await embedding.close();
  });

  afterAll(async () => {
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const say = (content: string, id = "c", where = namespace) =>
    conversations.append(where, id, [{ id: null, pointer: "", role: "user", content, parts: null, metadata: null }]);
  async function find(query: string, more: { mode?: QueryMode; conversationId?: string; k?: number } = {}) {
    const { matches, pending } = await search.search(namespace, {
      query,
      k: more.k ?? 10,
      conversationId: more.conversationId ?? null,
      mode: more.mode ?? "hybrid",
    });
    return { contents: matches.map(({ message }) => message.content), pending };
  }

  it("answers by words while the model answers nobody, and says how many messages wait for it", async () => {
    embedder.hold();
    for (let at = 0; at < 70; at++) await say(`note ${at} about the weather`);
    await say("My dogs are called Bello and Rex.");
    expect(await find("which dog?")).toEqual({ contents: ["My dogs are called Bello and Rex."], pending: 71 });
    expect(await find("Bello", { mode: "keyword" })).toMatchObject({ pending: 71 });
    expect(embedder.asked.every(({ lane }) => lane === "background")).toBe(true);
    // One call at a time is with the model, whatever waits.
    expect(embedder.asked.length).toBeLessThanOrEqual(4);
  });

  it("stops waiting for the question's vector while the model is busy with messages", async () => {
    await say("A dog barks.");
    await find("x");
    await embedding.idle();
    await say("The cat sleeps.");
    embedder.hold();
    const answer = find("cat");
    while (!embedder.asked.some(({ lane }) => lane === "query")) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(60);
    expect(await answer).toEqual({ contents: ["The cat sleeps."], pending: 1 });
  });

  it("finds by meaning what shares no word, once its messages are embedded in the background", async () => {
    await say("A dog barks.");
    await say("The train was late.");
    expect((await find("hound")).contents).toEqual([]);
    await embedding.idle();
    expect(embedding.waiting).toBe(0);
    const { contents, pending } = await find("hound");
    expect([contents[0], pending]).toEqual(["A dog barks.", 0]);
    expect((await find("hound", { mode: "vector" })).contents[0]).toBe("A dog barks.");
    expect((await find("hound", { mode: "keyword" })).contents).toEqual([]);
  });

  it("finds a long message by its last sentence, by the best of its windows", async () => {
    const filler = "The gardener watered the roses and cut the hedge. ".repeat(40);
    await say(filler);
    await say(`${filler}A feline pings.`);
    await say("The submarine pings.");
    await find("x");
    await embedding.idle();
    expect((await find("cat", { mode: "vector", k: 1 })).contents[0]).toContain("feline");
    // Each message is named once, however many of its windows are near.
    expect((await find("gardener roses", { mode: "vector" })).contents).toHaveLength(3);
  });

  it("goes on after a restart where it stood, and embeds no message twice", async () => {
    for (let at = 0; at < 100; at++) await say(`message number ${at}`);
    embedder.hold();
    await find("number");
    embedder.release();
    // Closed with a page under way: what was kept stays, the page is done again.
    await embedding.close();
    await compose();
    const left = (await find("number")).pending;
    expect(left).toBeGreaterThan(0);
    await embedding.idle();
    expect((await find("number")).pending).toBe(0);
    const texts = embedder.asked.filter(({ lane }) => lane === "background").map(({ text }) => text);
    expect(new Set(texts).size).toBe(100);
    expect(texts.length).toBeLessThanOrEqual(104);
  });

  it("tells once that messages cannot be embedded, finds them by their words, and goes on when they can", async () => {
    await say("a number of things");
    embedder.failure = new Error("the model is down");
    for (let at = 0; at < 3; at++) {
      expect((await find("number")).contents).toHaveLength(1);
      await embedding.idle();
    }
    expect(waits).toEqual([[namespace, embedder.failure]]);
    embedder.failure = null;
    await find("number");
    await embedding.idle();
    expect((await find("number")).pending).toBe(0);
    await say("another number");
    embedder.failure = new Error("down again");
    await find("number");
    await embedding.idle();
    expect(waits).toHaveLength(2);
    // Another namespace's pages that go well are no news of this one.
    const first = namespace;
    namespace = `n${++made}`;
    await say("a number there");
    embedder.failure = null;
    await find("number");
    await embedding.idle();
    namespace = first;
    embedder.failure = new Error("down again");
    await find("number");
    await embedding.idle();
    expect(waits).toHaveLength(2);
  });

  it("remembers of at most 1,000 namespaces that their failure was told, and tells the others again", async () => {
    embedder.failure = new Error("the model is down");
    const names = Array.from({ length: 1_001 }, () => `n${++made}`);
    for (namespace of [...names, names[0] ?? "", names[1_000] ?? ""]) {
      await say("a number");
      await find("number");
      await embedding.idle();
    }
    const told = waits.map(([name]) => name);
    expect(told.filter((name) => name === names[0])).toHaveLength(2);
    expect(told.filter((name) => name === names[1_000])).toHaveLength(1);
  });

  it("indexes the words of messages that an earlier version stored, page by page, and those of new ones at once", async () => {
    for (let at = 0; at < 520; at++) await say(`old ${at}`);
    const [row] = await database.all<{ id: number }>(`SELECT "id" FROM "RagNamespace" WHERE "name" = ?`, [namespace]);
    await database.write([
      { sql: `DROP TABLE "MessageText_${row?.id}"` },
      { sql: `DELETE FROM "MessageTextIndex" WHERE "namespaceId" = ?`, params: [row?.id ?? 0] },
    ]);
    await compose();
    await say("new one");
    expect((await find("one", { mode: "keyword" })).contents).toEqual(["new one"]);
    await embedding.idle();
    expect((await find("old 3", { mode: "keyword", k: 1 })).contents).toEqual(["old 3"]);
    expect((await find("old", { mode: "keyword", k: 100 })).contents).toHaveLength(100);
    expect((await find("one", { mode: "keyword" })).contents).toEqual(["new one"]);
  });

  it("finds words by another form in the message's language, after a restart too, and short ones in that of all others", async () => {
    await say("Ich habe gestern die alten Bücher vom Dachboden geholt, und sie sind alle noch gut.");
    await say("Rote Katzen");
    await say("Wir waren mit dem Hund am See und es war sehr schön.");
    for (const restart of [async () => undefined, compose]) {
      await restart();
      expect((await find("Wo ist das Buch?", { mode: "keyword" })).contents).toHaveLength(1);
      expect((await find("die Katze", { mode: "keyword" })).contents).toEqual(["Rote Katzen"]);
      await embedding.idle();
    }
  });

  it("ends an answer at 8 MiB and says so, however many and long the messages are", async () => {
    for (let n = 0; n < 12; n++) await say(`zebra ${n} ${"x".repeat(1_000_000)}`);
    const question = { query: "zebra", k: 12, mode: "keyword", conversationId: null } as const;
    const { matches, isCut } = await search.search(namespace, question);
    expect([isCut, matches.length]).toEqual([true, 8]);
    const few = await search.search(namespace, { ...question, k: 3 });
    expect([few.isCut, few.matches.length]).toEqual([false, 3]);
  });

  it("keeps conversations and namespaces apart, and forgets a removed one's words and vectors", async () => {
    await say("dog in c");
    await say("dog in d", "d");
    await say("dog elsewhere", "c", "other");
    await find("x");
    await embedding.idle();
    for (const mode of ["hybrid", "vector", "keyword"] as const) {
      expect((await find("dog", { mode })).contents.sort()).toEqual(["dog in c", "dog in d"]);
      expect((await find("dog", { mode, conversationId: "d" })).contents).toEqual(["dog in d"]);
    }
    await conversations.remove(namespace, "c", null);
    for (const mode of ["hybrid", "vector", "keyword"] as const)
      expect((await find("dog", { mode })).contents).toEqual(["dog in d"]);
    expect(
      await database.all(`SELECT COUNT(*) AS "count" FROM "MessageWindow" WHERE "namespace" = ?`, [namespace]),
    ).toEqual([{ count: 1 }]);
    await expect(find("dog", { conversationId: "c" })).rejects.toMatchObject({ code: "not-found" });
  });
});
