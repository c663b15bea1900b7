import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { DocumentListQuery, DocumentRows, DocumentSummary, NewDocument } from "./document-rows.ts";

type Span = readonly [start: number, end: number];

/** A document whose chunks are spans of its body: one of all of it, unless they are given. */
export function documentOf(
  id: string,
  body: string,
  more: Partial<NewDocument> = {},
  spans?: readonly Span[],
): NewDocument {
  const chunks = (spans ?? [[0, body.length]]).map(([start, end], ordinal) => ({
    start,
    end,
    ordinal,
    vector: Uint8Array.of(ordinal, 0, 255),
  }));
  return {
    id,
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
    text: Buffer.from(body),
    body,
    chunks,
    keywords: null,
    ...more,
  };
}

const summaryOf = ({ text, body, chunks, keywords, languages, ...summary }: NewDocument, rowId: number) => ({
  ...summary,
  rowId,
});
/** Letters of one to four bytes in UTF-8, and what ends a text elsewhere. */
const letter = fc.constantFrom("a", "é", "語", "😀", "\u0000", " ", "\n", '"', "'", "?1");

/** What every driver of DocumentRows must do. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeDocumentRows(
  name: string,
  fresh: () => Promise<{ rows: DocumentRows; reopen: () => Promise<DocumentRows> }>,
): void {
  describe(name, () => {
    let rows: DocumentRows;
    let reopen: () => Promise<DocumentRows>;
    const put = async (id: string, more: Partial<NewDocument> = {}, namespace = "n") =>
      (await rows.replace(namespace, documentOf(id, more.body ?? "x", more))).rowId;
    const listed = async (query: Partial<DocumentListQuery> = {}, namespace = "n") => {
      const all: DocumentListQuery = { source: null, by: "id", descending: false, after: null, limit: 100 };
      return (await rows.list(namespace, { ...all, ...query })).map(({ id }) => id);
    };
    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("give a document back whole through a restart, and nothing of the version before", async () => {
      const metadata = { "": 'é "x"', deep: [null, { at: 1.5 }] };
      const first = documentOf("d", "first words", { metadata });
      const before = await rows.replace("n", first);
      expect(await rows.find("n", "d")).toEqual(summaryOf(first, before.rowId));
      const second = documentOf("d", "other words", { source: "é", page: 3, language: "de", updatedAtMs: 9, metadata });
      const after = await rows.replace("n", second);
      rows = await reopen();
      expect(await rows.find("n", "d")).toEqual(summaryOf(second, after.rowId));
      expect(Buffer.from((await rows.text(after.rowId)) ?? []).toString()).toBe("other words");
      expect(await rows.byRowId([before.rowId, after.rowId])).toEqual([summaryOf(second, after.rowId)]);
      expect([await rows.text(before.rowId), await rows.chunks(before.rowId, -1, 9)]).toEqual([null, []]);
      expect(await rows.chunksByRowId(before.vectors.map(({ id }) => id))).toEqual([]);
      expect([await rows.find("n", "unknown"), await rows.find("m", "d")]).toEqual([null, null]);
      expect((await rows.page("n", 0, 9)).map(({ documentId }) => documentId)).toEqual([after.rowId]);
    });

    it("give chunks back letter by letter, however they overlap", async () => {
      const parts = fc.tuple(fc.array(letter, { minLength: 1, maxLength: 12 }), fc.nat(3));
      await fc.assert(
        fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 8 }), async (given) => {
          // A chunk is one part and up to three of those before it.
          const texts = given.map(([letters]) => letters.join(""));
          const body = texts.join("");
          const startOf = (at: number) => texts.slice(0, Math.max(0, at)).join("").length;
          let least = 0;
          const spans = given.map(([, overlap], at): Span => {
            least = Math.max(least, at - overlap);
            return [startOf(least), startOf(at + 1)];
          });
          const { rowId, vectors } = await rows.replace("n", documentOf("d", body, {}, spans));
          const chunks = await rows.chunks(rowId, -1, 100);
          expect(chunks).toEqual(
            spans.map(([start, end], ordinal) => ({
              rowId: vectors[ordinal]?.id,
              documentRowId: rowId,
              ordinal,
              start,
              end,
              text: body.slice(start, end),
            })),
          );
        }),
        { numRuns: 40 },
      );
    });

    it("give a document's chunks in order after any of them, around a place, and those named that are there", async () => {
      const spans = Array.from({ length: 10 }, (_, at): Span => [at, at + 1]);
      const { rowId, vectors } = await rows.replace("n", documentOf("d", "0123456789", {}, spans));
      const other = await rows.replace("n", documentOf("e", "x"));
      const texts = (chunks: readonly { text: string }[]) => chunks.map(({ text }) => text).join("");
      expect(texts(await rows.chunks(rowId, -1, 4))).toBe("0123");
      expect(texts(await rows.chunks(rowId, 3, 100))).toBe("456789");
      expect(texts(await rows.chunksAround(rowId, 7, 12))).toBe("789");
      const ids = [vectors[4]?.id ?? 0, 999_999, other.vectors[0]?.id ?? 0];
      expect([...texts(await rows.chunksByRowId(ids))].toSorted()).toEqual(["4", "x"]);
    });

    it("list by id or by a figure and then by id, either way, of one source or all, after any of them though it is gone", async () => {
      await put("b", { updatedAtMs: 5, createdAtMs: 1, characters: 9, chunkCount: 1 });
      await put("é", { updatedAtMs: 5, createdAtMs: 3, characters: 9, chunkCount: 7 });
      await put("Z", { updatedAtMs: 2, createdAtMs: 2, characters: 1, chunkCount: 7, source: "t" });
      const a = await put("a", { updatedAtMs: 9, createdAtMs: 2, characters: 4, chunkCount: 2 });
      await put("foreign", {}, "m");
      // Ids compare as their UTF-8 bytes do.
      expect(await listed()).toEqual(["Z", "a", "b", "é"]);
      expect(await listed({ descending: true, limit: 2 })).toEqual(["é", "b"]);
      expect(await listed({ by: "updatedAt" })).toEqual(["Z", "b", "é", "a"]);
      expect(await listed({ by: "createdAt", descending: true })).toEqual(["é", "a", "Z", "b"]);
      expect(await listed({ by: "characters" })).toEqual(["Z", "a", "b", "é"]);
      expect(await listed({ by: "chunks", descending: true })).toEqual(["é", "Z", "a", "b"]);
      await rows.remove("n", [a]);
      expect(await listed({ after: [0, "a"] })).toEqual(["b", "é"]);
      expect(await listed({ by: "updatedAt", descending: true, after: [9, "a"] })).toEqual(["é", "b", "Z"]);
      expect(await listed({ by: "updatedAt", after: [5, "b"] })).toEqual(["é"]);
      expect([await listed({ source: "t" }), await listed({ source: "t", after: [0, "Z"] })]).toEqual([["Z"], []]);
    });

    it("are walked by row, each that stays once, while others come, go and are replaced", async () => {
      const ids = Array.from({ length: 10 }, (_, at) => `d${at}`);
      const rowIds: number[] = [];
      for (const id of ids) rowIds.push(await put(id, { source: id === "d3" ? "t" : "s" }));
      const seen: DocumentSummary[] = [];
      for (let page = await rows.walk("n", 0, 4); page.length > 0; ) {
        seen.push(...page);
        if (seen.length === 4) {
          await rows.remove("n", [rowIds[7] ?? 0]);
          await put("d1");
          await put("foreign", {}, "m");
        }
        page = await rows.walk("n", seen.at(-1)?.rowId ?? 0, 4);
      }
      // The replaced one is a new row, at the end.
      expect(seen.map(({ id }) => id)).toEqual([...ids.slice(0, 7), "d8", "d9", "d1"]);
      expect((await rows.walk("n", 0, 9, "t")).map(({ id }) => id)).toEqual(["d3"]);
    });

    it("give no row to two documents, also after the newest was removed and a restart", async () => {
      const first = await put("a");
      const gone = await put("b");
      await rows.remove("n", [gone]);
      rows = await reopen();
      const next = [await put("b"), await put("b"), await put("c", {}, "m")];
      expect(new Set([first, gone, ...next]).size).toBe(5);
      expect(Math.min(...next)).toBeGreaterThan(gone);
    });

    it("have one whole version when one id is replaced many times at once", async () => {
      const bodies = Array.from({ length: 8 }, (_, at) => `word${at} `.repeat(at + 1));
      await Promise.all(bodies.map((body) => rows.replace("n", documentOf("d", body, { checksum: body }))));
      rows = await reopen();
      const found = await rows.find("n", "d");
      const chunks = await rows.chunks(found?.rowId ?? 0, -1, 99);
      expect([await listed(), chunks.map(({ text }) => text)]).toEqual([["d"], [found?.checksum]]);
      const word = found?.checksum.split(" ")[0];
      const matches = await Promise.all(bodies.map((_, at) => rows.matchKeywords("n", `"word${at}"`, 9, null)));
      expect(matches.flat().map(({ documentId }) => documentId)).toEqual([found?.rowId]);
      expect((await rows.matchKeywords("n", `"${word}"`, 9, null)).length).toBe(1);
      expect((await rows.page("n", 0, 99)).length).toBe(1);
    });

    it("remove documents of their own namespace with all that was theirs, as often as that is asked", async () => {
      const [a, b, foreign] = [await put("a", { body: "apple" }), await put("b"), await put("a", {}, "m")];
      for (let turn = 0; turn < 2; turn++) await rows.remove("n", [a, foreign, 999_999]);
      await rows.remove("unknown", [b]);
      rows = await reopen();
      expect([await listed(), await listed({}, "m")]).toEqual([["b"], ["a"]]);
      expect([
        await rows.text(a),
        await rows.chunks(a, -1, 9),
        await rows.matchKeywords("n", '"apple"', 9, null),
      ]).toEqual([null, [], []]);
      expect(await rows.bytesOf([a])).toBe(0);
    });

    it("count what a namespace has, its models, and what is not as it would be written today", async () => {
      const current = { model: "m", readingLimit: 0, wordsVersion: 1 };
      expect([await rows.isEmpty("n"), await rows.models("n"), await rows.countOutdated("n", current)]).toEqual([
        true,
        [],
        0,
      ]);
      expect(await rows.counts("n")).toEqual({ documents: 0, chunks: 0, characters: 0 });
      await put("a", { characters: 7, chunkCount: 2 });
      await put("b", { characters: 5, model: "other" });
      await put("c", { readingLimit: 254 });
      await put("d", { wordsVersion: 0 });
      await put("foreign", { model: "foreign" }, "m");
      expect([await rows.isEmpty("n"), await rows.isEmpty("unknown")]).toEqual([false, true]);
      expect(await rows.counts("n")).toEqual({ documents: 4, chunks: 5, characters: 14 });
      expect((await rows.models("n")).toSorted((a, b) => a.documents - b.documents)).toEqual([
        { model: "other", documents: 1 },
        { model: "m", documents: 3 },
      ]);
      expect(await rows.countOutdated("n", current)).toBe(3);
      expect(await rows.countOutdated("n", { ...current, model: "new" })).toBe(4);
    });

    it("measure documents by the bytes of their texts, metadata, passages and vectors", async () => {
      const a = await put("a", { body: "é".repeat(10) });
      const b = await put("b", { body: "x", metadata: { note: "y".repeat(100) } });
      const [of, both] = [await rows.bytesOf([a]), await rows.bytesOf([a, b, 999_999])];
      expect(of).toBeGreaterThanOrEqual(20 + 20 + 3);
      expect(of).toBeLessThan(60);
      expect(both - of).toBeGreaterThanOrEqual(1 + 1 + 3 + 100);
      expect(await rows.bytesOf([])).toBe(0);
    });

    it("know the languages of a namespace's words before the words are there, and through a restart", async () => {
      expect(rows.languages("n")).toEqual([]);
      await Promise.all([put("a", { languages: ["de", "en"] }), put("b", { languages: ["fr", "de"] })]);
      await put("c", { languages: ["it"] }, "m");
      for (const each of [rows, await reopen()])
        expect([each.languages("n").toSorted(), each.languages("m")]).toEqual([["de", "en", "fr"], ["it"]]);
    });
  });
}
