import { describeDocumentRows, documentOf } from "../../ports/document-rows.contract.ts";
import { describeDocumentWords } from "../../ports/document-words.contract.ts";
import { describePassageVectors, type FilledVectors } from "../../ports/passage-vectors.contract.ts";
import type { DatabaseClient } from "./database-client.ts";
import { createDocumentRows } from "./document-rows.ts";
import { Namespaces } from "./rag-namespaces.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();
const open = async (database: DatabaseClient) => createDocumentRows(database, await Namespaces.open(database));

describeDocumentRows("documents in SQLite", () => storage(open));
describeDocumentWords("words of documents in SQLite", () => storage(open));

let documents = 0;
describePassageVectors("vectors of documents in SQLite", () =>
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
