import { beforeEach, describe, expect, it } from "vitest";
import { documentOf } from "./document-rows.contract.ts";
import type { DocumentRows, NewDocument } from "./document-rows.ts";

/** What every driver of DocumentRows must find by words. `fresh` makes empty rows; `reopen` opens the same storage again. */
export function describeDocumentWords(
  name: string,
  fresh: () => Promise<{ rows: DocumentRows; reopen: () => Promise<DocumentRows> }>,
): void {
  describe(name, () => {
    let rows: DocumentRows;
    let reopen: () => Promise<DocumentRows>;
    const put = (id: string, body: string, more: Partial<NewDocument> = {}, namespace = "n") =>
      rows.replace(namespace, documentOf(id, body, more));
    /** Ids of the documents whose chunks match, best first. */
    const found = async (
      expression: string,
      { limit = 10, only = null as readonly number[] | null, namespace = "n" } = {},
    ) => {
      const matches = await rows.matchKeywords(namespace, expression, limit, only);
      const documents = await rows.byRowId(matches.map(({ documentId }) => documentId));
      return matches.map(({ documentId }) => documents.find(({ rowId }) => rowId === documentId)?.id);
    };
    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("match any of the terms, in any case, without accents, and as English stems", async () => {
      await put("wings", "The WINGS were running late.");
      await put("cafe", "A Café in Málaga.");
      await put("neither", "Something else.");
      rows = await reopen();
      expect(await found('"wing"')).toEqual(["wings"]);
      expect(await found('"runs"')).toEqual(["wings"]);
      expect(await found('"cafe"')).toEqual(["cafe"]);
      expect((await found('"malaga" OR "late" OR "unknown"')).toSorted()).toEqual(["cafe", "wings"]);
      expect(await found('"unknown"')).toEqual([]);
    });

    it("match a term of several words where they stand side by side in this order", async () => {
      await put("beside", "red apple pie");
      await put("apart", "red pie, green apple");
      expect(await found('"red apple"')).toEqual(["beside"]);
      expect(await found('"apple pie" OR "green apple"')).toHaveLength(2);
    });

    it("give positive scores, the best first: rare words count more than common ones, and short texts more than long", async () => {
      for (let at = 0; at < 8; at++) await put(`common${at}`, `common words ${"filler ".repeat(at + 3)}`);
      await put("rare", "rare common words filler filler filler");
      const matches = await rows.matchKeywords("n", '"rare" OR "common"', 100, null);
      const scores = matches.map(({ score }) => score);
      expect([matches.length, scores.every((score) => score > 0)]).toEqual([9, true]);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      expect((await found('"rare" OR "common"')).slice(0, 2)).toEqual(["rare", "common0"]);
      expect(await found('"rare" OR "common"', { limit: 1 })).toEqual(["rare"]);
    });

    it("tell chunks with the same words apart by their rows, the lower first", async () => {
      for (const id of ["c", "a", "b"]) await put(id, "the very same words");
      expect(await found('"same"')).toEqual(["c", "a", "b"]);
    });

    it("look at the documents named alone, and at one namespace", async () => {
      const { rowId } = await put("a", "apple");
      await put("b", "apple");
      await put("foreign", "apple", {}, "m");
      expect(await found('"apple"', { only: [rowId, 999_999] })).toEqual(["a"]);
      expect(await found('"apple"', { only: [] })).toEqual([]);
      expect(await found('"apple"', { namespace: "m" })).toEqual(["foreign"]);
      expect(await found('"apple"', { namespace: "unknown" })).toEqual([]);
    });

    it("are those that stand for a chunk, where these are not the text's own", async () => {
      const { vectors } = await put("d", "東京大学", { keywords: [Buffer.from("東京 京大 大学\u0000 tail")] });
      expect((await rows.matchKeywords("n", '"京大"', 10, null)).map(({ id }) => id)).toEqual(
        vectors.map(({ id }) => id),
      );
      expect([await found('"tail"'), await found('"京都"')]).toEqual([["d"], []]);
    });

    it("go with the version whose words they were", async () => {
      await put("d", "apple");
      await put("d", "pear");
      expect([await found('"apple"'), await found('"pear"')]).toEqual([[], ["d"]]);
    });
  });
}
