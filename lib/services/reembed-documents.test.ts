import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { DatabaseClient } from "../backends/sqlite/database-client.ts";
import { createDocumentRows } from "../backends/sqlite/document-rows.ts";
import { openTestDatabase } from "../backends/sqlite/testing/open-database.ts";
import type { NewDocument } from "../ports/document-rows.ts";
import { FakeClock } from "../shared/fake-clock.ts";
import { packText } from "../stores/rag/document-text.ts";
import type { DocumentIngest } from "./ingest-document.ts";
import { ModelAgreement } from "./model-agreement.ts";
import type { RagParts } from "./rag-parts.ts";
import { Reembedding } from "./reembed-documents.ts";

let database: DatabaseClient;
let file: string;
beforeAll(async () => {
  ({ database, file } = await openTestDatabase());
});
afterAll(async () => {
  await database.close();
  rmSync(path.dirname(file), { recursive: true });
});

const COUNT = 1_500;

it("embeds all of 1,500 documents again, in whatever order their ids are, and the namespace answers afterwards", {
  timeout: 300_000,
}, async () => {
  const documents = await createDocumentRows(database);
  const text = await packText("a text");
  const put = (id: string, model: string) => {
    const document: NewDocument = {
      ...{ id, source: "s", page: null, language: null, metadata: {}, checksum: "c", chunkSize: 100, chunkOverlap: 20 },
      ...{ chunkCount: 0, characters: 6, createdAtMs: 1, updatedAtMs: 1, model },
      ...{ text, body: "a text", chunks: [], keywords: null },
    };
    return documents.replace("n", document);
  };
  await Promise.all(Array.from({ length: COUNT }, (_, at) => put(`d${(at * 707) % COUNT}`, "old")));

  const embedder = { state: () => ({ model: { id: "new" } }) };
  const parts = { documents, embedder, clock: new FakeClock() } as unknown as RagParts;
  // The stand-in for the model: it embeds nothing, and puts what it is given.
  const ingest = {
    reembed: async (_: string, id: string, read: () => Promise<unknown>) => {
      if ((await read()) !== null) await put(id, "new");
    },
  } as unknown as DocumentIngest;
  const agreement = new ModelAgreement(documents, parts.embedder);
  await expect(agreement.require("n")).rejects.toThrow("1500 documents have vectors of the model old");

  const reembedding = new Reembedding(parts, ingest);
  await reembedding.start("n");
  await vi.waitFor(() => expect(reembedding.state("n").state).not.toBe("running"), { timeout: 280_000 });
  expect(reembedding.state("n")).toMatchObject({ state: "completed", total: COUNT, done: COUNT });
  expect(await documents.models("n")).toEqual([{ model: "new", documents: COUNT }]);
  await agreement.require("n");
});
