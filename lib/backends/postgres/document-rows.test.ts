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
