import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NewDocument } from "../../ports/document-rows.ts";
import { createConversationRows } from "./conversation-rows.ts";
import type { DatabaseClient } from "./database-client.ts";
import { createDocumentRows } from "./document-rows.ts";
import { createEmbeddingRows } from "./embedding-rows.ts";
import { createMessageIndexRows } from "./message-index-rows.ts";
import { Namespaces } from "./rag-namespaces.ts";
import { openTestDatabase } from "./testing/open-database.ts";

let database: DatabaseClient;
let namespaces: Namespaces;
beforeAll(async () => {
  ({ database } = await openTestDatabase());
  namespaces = await Namespaces.open(database);
});
afterAll(() => database.close());

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Letters of one to four bytes in UTF-8, and what ends a text elsewhere. */
const letter = fc.constantFrom("a", "é", "語", "😀", "\u0000", " ", "\n", '"', "'", "?1");

function documentOf(body: string, spans: readonly [number, number][], vectors: readonly Uint8Array[]): NewDocument {
  const chunks = spans.map(([start, end], ordinal) => ({
    start,
    end,
    ordinal,
    vector: vectors[ordinal] ?? new Uint8Array(),
  }));
  return {
    id: "d",
    source: "s",
    page: null,
    language: null,
    metadata: {},
    checksum: "c",
    chunkSize: 100,
    chunkOverlap: 20,
    chunkCount: chunks.length,
    characters: body.length,
    model: "m",
    readingLimit: 0,
    wordsVersion: 1,
    languages: ["en"],
    createdAtMs: 1,
    updatedAtMs: 1,
    text: new Uint8Array(),
    body,
    chunks,
    keywords: null,
  };
}

describe("documents", () => {
  it("come back chunk by chunk and byte by byte, whatever the letters and however the chunks overlap", async () => {
    const rows = await createDocumentRows(database, namespaces);
    const parts = fc.tuple(fc.array(letter, { minLength: 1, maxLength: 12 }), fc.nat(3), bytes(20));
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 8 }), async (given) => {
        // A chunk is one part and up to three of those before it.
        const texts = given.map(([letters]) => letters.join(""));
        const body = texts.join("");
        const startOf = (at: number) => texts.slice(0, Math.max(0, at)).join("").length;
        let least = 0;
        const spans = given.map(([, overlap], at): [number, number] => {
          least = Math.max(least, at - overlap);
          return [startOf(least), startOf(at + 1)];
        });
        const vectors = given.map(([, , vector]) => vector);
        const { rowId, vectors: written } = await rows.replace("n", documentOf(body, spans, vectors));
        const chunks = await rows.chunks(rowId, -1, 100);
        expect(chunks.map(({ text, start, end }) => ({ text, start, end }))).toEqual(
          spans.map(([start, end]) => ({ text: body.slice(start, end), start, end })),
        );
        const found = await rows.byId(
          "n",
          written.map(({ id }) => id),
        );
        expect(found.map(({ id, documentId }) => ({ id, documentId }))).toEqual(
          written.map(({ id, documentId }) => ({ id, documentId })),
        );
        expect(found.map(({ vector }) => [...vector])).toEqual(vectors.map((vector) => [...vector]));
        expect((await rows.page("n", 0, 100)).map(({ vector }) => [...vector])).toEqual(
          vectors.map((vector) => [...vector]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("are found by the words that stand for their chunks, where these are not the text's own", async () => {
    const rows = await createDocumentRows(database, namespaces);
    const document = documentOf("東京大学", [[0, 4]], [new Uint8Array(20)]);
    const { vectors } = await rows.replace("words", {
      ...document,
      keywords: [Buffer.from("東京 京大 大学\u0000 tail")],
    });
    const found = await rows.matchKeywords("words", '"京大"', 10, null);
    expect(found.map(({ id }) => id)).toEqual(vectors.map(({ id }) => id));
    expect(await rows.matchKeywords("words", '"京都"', 10, null)).toEqual([]);
  });

  it("give pages in order, each row once, and nothing past the last", async () => {
    const rows = await createDocumentRows(database, namespaces);
    const body = "x".repeat(25);
    const spans = Array.from({ length: 25 }, (_, at): [number, number] => [at, at + 1]);
    const { vectors } = await rows.replace(
      "pages",
      documentOf(
        body,
        spans,
        spans.map(([at]) => Uint8Array.of(at, 0, at)),
      ),
    );
    const seen: number[] = [];
    for (let after = 0; ; ) {
      const page = await rows.page("pages", after, 10);
      seen.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
    expect(seen).toEqual(vectors.map(({ id }) => id));
  });
});

describe("embeddings", () => {
  it("are found by their hash alone, with the vectors they were saved with", async () => {
    const rows = createEmbeddingRows(database);
    const entry = fc.record({ hash: bytes(32), vector: bytes(20) });
    const entries = fc.uniqueArray(entry, { selector: ({ hash }) => Buffer.from(hash).toString("hex"), maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(entries, entries, fc.string(), async (saved, others, model) => {
        await rows.save(model, saved, 7);
        const found = await rows.find(
          model,
          [...others, ...saved].map(({ hash }) => hash),
        );
        const known = new Map(found.map(({ hash, vector }) => [Buffer.from(hash).toString("hex"), [...vector]]));
        for (const { hash, vector } of saved) expect(known.get(Buffer.from(hash).toString("hex"))).toEqual([...vector]);
        expect(
          await rows.find(
            `${model} of another kind`,
            saved.map(({ hash }) => hash),
          ),
        ).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it("are marked as used, and those used least lately go first", async () => {
    const rows = createEmbeddingRows(database);
    await rows.removeOldest(await rows.count());
    const hashes = Array.from({ length: 6 }, (_, at) => new Uint8Array(32).fill(at));
    await rows.save(
      "m",
      hashes.map((hash) => ({ hash, vector: new Uint8Array(4) })),
      1,
    );
    await rows.touch("m", hashes.slice(0, 3), 2);
    expect(await rows.removeOldest(3)).toBe(3);
    const left = await rows.find("m", hashes);
    expect(left.map(({ hash, usedOn }) => [hash[0], usedOn])).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
  });
});

describe("messages", () => {
  it("come back letter by letter, and each gets as many windows as it was given", async () => {
    const options = { namespaces, model: () => "m", wordsOf: async (words: string) => ({ words, languages: ["en"] }) };
    const rows = await createConversationRows(database, options);
    const index = await createMessageIndexRows(database, options);
    const contents = ["plain", "with \u0000 inside", "日本 😀", ""];
    const messageOf = (content: string, at: number) => ({
      ...{ id: `m${at}`, role: "user", content, parts: null, metadata: null },
    });
    const change = { atMs: 1, fields: null, keepUpTo: null, removed: null, edited: null };
    await rows.change("n", "c", null, { ...change, added: contents.map(messageOf) });
    const conversation = await rows.find("n", "c");
    const everything = { role: null, after: 0, before: 100, descending: false, limit: 100 };
    const { rows: messages } = await rows.messages(conversation?.rowId ?? -1, everything);
    expect(messages.map(({ content }) => content)).toEqual(contents);
    const pending = await index.pending("n", 10, 1_000);
    expect(pending.map(({ content }) => content)).toEqual([...contents].reverse());
    expect(await index.countPending("n", 10)).toBe(4);
    const windowsOf = (rowId: number) =>
      Array.from({ length: rowId % 3 }, (_, at) => new Uint8Array(4).fill(rowId + at));
    await index.setWindows(
      "n",
      pending.map(({ rowId, version }) => ({ rowId, version, windows: windowsOf(rowId) })),
    );
    expect([await index.pending("n", 10, 1_000), await index.countPending("n", 10)]).toEqual([[], 0]);
    const ids = pending.map(({ rowId }) => rowId);
    const found = await index.windowsOf(ids);
    for (const id of ids)
      expect(found.filter(({ rowId }) => rowId === id).map(({ vector }) => [...vector])).toEqual(
        windowsOf(id).map((vector) => [...vector]),
      );
    expect((await index.page("n", 0, 10)).length).toBe(found.length);
  });
});
