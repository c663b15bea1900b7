import { rmSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatabaseClient } from "../backends/sqlite/database-client.ts";
import { createDocumentRows } from "../backends/sqlite/document-rows.ts";
import { Namespaces } from "../backends/sqlite/rag-namespaces.ts";
import { openTestDatabase } from "../backends/sqlite/testing/open-database.ts";
import type { DocumentListQuery, DocumentRows, NewDocument } from "../ports/document-rows.ts";
import { parseFilter } from "../shared/filter.ts";
import { DocumentIngest } from "./ingest-document.ts";
import type { ModelAgreement } from "./model-agreement.ts";
import type { RagParts } from "./rag-parts.ts";
import { type DocumentSelection, listDocuments, measureDocuments } from "./select-documents.ts";

let database: DatabaseClient;
let file: string;
let documents: DocumentRows;
beforeAll(async () => {
  ({ database, file } = await openTestDatabase());
  documents = await createDocumentRows(database, await Namespaces.open(database));
});
afterAll(async () => {
  await database.close();
  rmSync(path.dirname(file), { recursive: true });
});

interface Given {
  source: string;
  tenant: string;
  figures: readonly [characters: number, createdAtMs: number, updatedAtMs: number];
  chunks: number;
}

function documentOf(id: string, { source, tenant, figures, chunks }: Given): NewDocument {
  const [characters, createdAtMs, updatedAtMs] = figures;
  const spans = Array.from({ length: chunks }, (_, ordinal) => ({
    ordinal,
    start: 0,
    end: 8,
    vector: new Uint8Array(8),
  }));
  return {
    ...{
      id,
      source,
      page: null,
      language: null,
      metadata: { tenant },
      checksum: "c",
      chunkSize: 100,
      chunkOverlap: 20,
    },
    ...{ model: "m", readingLimit: 0, wordsVersion: 1, languages: ["en"], chunkCount: chunks, characters },
    ...{ createdAtMs, updatedAtMs, text: new Uint8Array(3), body: "zeppelin", chunks: spans, keywords: null },
  };
}

const given = fc.record({
  source: fc.constantFrom("a", "b"),
  tenant: fc.constantFrom("x", "y"),
  figures: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
  chunks: fc.integer({ min: 0, max: 3 }),
});
const selected = fc.record({
  source: fc.constantFrom(null, "a", "nobody"),
  filter: fc.constantFrom(null, parseFilter({ tenant: "x" })),
});
const takes = ({ source, filter }: DocumentSelection, one: Given) =>
  (source === null || one.source === source) && (filter === null || one.tenant === "x");
const figureOf = ({ figures, chunks }: Given, by: DocumentListQuery["by"]) =>
  ({ id: 0, characters: figures[0], createdAt: figures[1], updatedAt: figures[2], chunks })[by];

let made = 0;
async function store(all: readonly Given[]): Promise<{ namespace: string; named: Map<string, Given> }> {
  const namespace = `n${++made}`;
  // Ids in an order unlike that of the rows.
  const named = new Map(all.map((one, at) => [`d${(at * 7) % 10}-${at}`, one]));
  for (const [id, one] of named) await documents.replace(namespace, documentOf(id, one));
  return { namespace, named };
}

describe("documents selected by source and filter", () => {
  it("are listed as a sorted array would be, page by page", async () => {
    const by = fc.constantFrom<DocumentListQuery["by"][]>("id", "characters", "createdAt", "updatedAt", "chunks");
    await fc.assert(
      fc.asyncProperty(
        fc.array(given, { maxLength: 9 }),
        selected,
        by,
        fc.boolean(),
        async (all, selection, by, descending) => {
          const { namespace, named } = await store(all);
          const seen: string[] = [];
          let after: DocumentListQuery["after"] = null;
          do {
            const order = { by, descending, after, limit: 2 };
            const page: Awaited<ReturnType<typeof listDocuments>> = await listDocuments(
              documents,
              namespace,
              selection,
              order,
            );
            expect(page.rows.length).toBeLessThanOrEqual(2);
            seen.push(...page.rows.map(({ id }) => id));
            after = page.next;
          } while (after !== null);
          const wanted = [...named]
            .filter(([, one]) => takes(selection, one))
            .sort(([a, one], [b, other]) => figureOf(one, by) - figureOf(other, by) || (a < b ? -1 : 1))
            .map(([id]) => id);
          expect(seen).toEqual(descending ? wanted.reverse() : wanted);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("are counted and removed as they would be from an array, with their chunks and words", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(given, { maxLength: 9 }), selected, async (all, selection) => {
        const { namespace, named } = await store(all);
        const other = await store(all);
        const forgotten: number[] = [];
        const parts = {
          documents,
          passages: { removeDocuments: (_: string, rowIds: number[]) => forgotten.push(...rowIds) },
          queryCache: { invalidate: () => undefined },
        } as unknown as RagParts;
        const ingest = new DocumentIngest(parts, {} as ModelAgreement);
        const going = [...named].filter(([, one]) => takes(selection, one));
        const { count } = await measureDocuments(documents, namespace, selection);
        expect(count).toBe(going.length);
        // Two at once share the work, and wait for each other only as long as it takes.
        const removals = [ingest.removeMatching(namespace, selection), ingest.removeMatching(namespace, selection)];
        const removed = await Promise.all(removals);
        expect(removed.reduce((sum, one) => sum + one, 0)).toBe(going.length);
        expect(new Set(forgotten).size).toBe(going.length);
        const left = [...named].filter(([, one]) => !takes(selection, one));
        const chunks = left.reduce((sum, [, one]) => sum + one.chunks, 0);
        expect(await documents.counts(namespace)).toMatchObject({ documents: left.length, chunks });
        expect(await documents.page(namespace, 0, 100)).toHaveLength(chunks);
        expect(await documents.matchKeywords(namespace, "zeppelin", 100, null)).toHaveLength(chunks);
        expect((await documents.counts(other.namespace)).documents).toBe(all.length);
      }),
      { numRuns: 30 },
    );
  });

  it("go in transactions of at most 100 documents and 2,000 chunks, but for one that is more by itself", async () => {
    const { namespace } = await store(
      Array.from({ length: 250 }, () => ({ source: "a", tenant: "x", figures: [1, 1, 1], chunks: 1 })),
    );
    const sizes: number[] = [];
    const watched: DocumentRows = {
      ...documents,
      walk: async (...asked) => {
        const page = await documents.walk(...asked);
        return page.map((document, at) => (at < 50 ? { ...document, chunkCount: 900 } : document));
      },
      remove: async (name, rowIds) => {
        sizes.push(rowIds.length);
        await documents.remove(name, rowIds);
      },
    };
    const parts = {
      documents: watched,
      passages: { removeDocuments: () => undefined },
      queryCache: { invalidate: () => undefined },
    } as unknown as RagParts;
    const ingest = new DocumentIngest(parts, {} as ModelAgreement);
    expect(await ingest.removeMatching(namespace, { source: "a", filter: null })).toBe(250);
    expect(sizes.slice(0, 24)).toEqual(Array.from({ length: 24 }, () => 2));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  });
});
