import { expect, it } from "vitest";
import { describeDocumentRows, documentOf } from "../../ports/document-rows.contract.ts";
import { describeDocumentWords } from "../../ports/document-words.contract.ts";
import { describePassageVectors, type FilledVectors } from "../../ports/passage-vectors.contract.ts";
import { createDocumentRows } from "../sqlite/document-rows.ts";
import { Namespaces } from "../sqlite/rag-namespaces.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of documents, with a Postgres server", () => {
  const storage = newStorage();
  const open = async (database: PostgresDatabase) => createDocumentRows(database, await Namespaces.open(database));

  describeDocumentRows("documents in Postgres", () => storage(open));
  describeDocumentWords("words of documents in Postgres", () => storage(open));

  it("words in Postgres are taken of a text with more words than it keeps, or a longer one, and found among the first", async () => {
    const { rows } = await storage(open);
    const body = `first ${"x".repeat(9_000)} ${Array.from({ length: 200_000 }, (_, at) => `word${at}`).join(" ")}`;
    await rows.replace("n", documentOf("d", body));
    expect(await rows.matchKeywords("n", '"first" OR "word77"', 10, null)).toHaveLength(1);
    expect(await rows.matchKeywords("n", '"word77 word78"', 10, null)).toHaveLength(1);
    expect(await rows.matchKeywords("n", '"word199999" OR "\' | & : *" OR ""', 10, null)).toEqual([]);
  });

  it("documents in Postgres are kept and found by a source that is longer than the keys of a tree", async () => {
    const { rows } = await storage(open);
    // Of 2,000 letters that do not repeat.
    const source = String.fromCodePoint(...Array.from({ length: 2_000 }, (_, at) => 0x4e00 + ((at * 7_919) % 20_000)));
    await rows.replace("n", documentOf("d", "text", { source }));
    await rows.replace("m", documentOf("d", "text", { source }));
    const query = { by: "id", descending: false, after: null, limit: 10 } as const;
    expect((await rows.list("n", { ...query, source })).map(({ id }) => id)).toEqual(["d"]);
    expect(await rows.walk("n", 0, 10, source)).toHaveLength(1);
    expect(await rows.list("n", { ...query, source: source.slice(1) })).toEqual([]);
  });

  let documents = 0;
  describePassageVectors("vectors of documents in Postgres", () =>
    storage(async (database): Promise<FilledVectors> => {
      const source = await open(database);
      return {
        source,
        async put(scope, vectors) {
          const chunks = vectors.map((vector, ordinal) => ({ ordinal, start: ordinal, end: ordinal + 1, vector }));
          const document = documentOf(`d${++documents}`, "x".repeat(vectors.length), { chunks });
          return (await source.replace(scope, document)).vectors;
        },
        removeDocument: (scope, documentId) => source.remove(scope, [documentId]),
      };
    }),
  );
});
