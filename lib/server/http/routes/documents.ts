import { z } from "zod";
import { idSchema, listQuery } from "../../../contracts/common.ts";
import { removedSchema } from "../../../contracts/conversations.ts";
import {
  batchItemSchema,
  batchResultSchema,
  batchSchema,
  chunkPageSchema,
  documentPageSchema,
  documentsQuery,
  documentWithTextSchema,
  ingestedSchema,
  putDocumentSchema,
  removeDocumentsQuery,
} from "../../../contracts/rag.ts";
import { toDocument } from "../../../services/import-document.ts";
import { chunkIdOf } from "../../../services/query-documents.ts";
import {
  type DocumentSelection,
  listDocuments,
  measureDocuments,
  readDocumentText,
} from "../../../services/select-documents.ts";
import { documentVersion, versionTags } from "../../../services/versions.ts";
import { AppError } from "../../../shared/errors.ts";
import { hasCondition } from "../../../shared/filter.ts";
import { unpackText } from "../../../stores/rag/document-text.ts";
import type { Runtime } from "../../runtime.ts";
import { readCondition, versioned, versionHeaders } from "../answer/entity-tag.ts";
import {
  decodeNumberCursor,
  decodeWholeSortedCursor,
  encodeCursor,
  encodeSortedCursor,
  pageOf,
} from "../answer/page-cursor.ts";
import { schemaError, toProblem } from "../answer/problem.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { readFilterParameter } from "../intake/read-filter.ts";
import { documentView, ingestedView } from "./rag-views.ts";

const byId = z.object({ id: idSchema });
const tag = "documents and prompts";
const role = "consumer";

export const documentRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "put",
      path: "/api/v1/rag/documents/{id}",
      role,
      tag,
      summary:
        "Create or replace a document, which is chunked, embedded and stored in one step; accepts If-Match, If-None-Match and If-Version",
      params: byId,
      versioned: true,
      body: putDocumentSchema,
      errors: [502, 504],
      responses: {
        200: { description: "The document was replaced, or is unchanged", schema: ingestedSchema },
        201: { description: "The document was created", schema: ingestedSchema },
      },
    },
    async ({ runtime, namespace, params, body, request }) => {
      const condition = readCondition(request);
      const document = toDocument(params.id, body);
      const ingested = await runtime.rag.ingest.put(namespace, document, condition, request.signal);
      return reply(ingested.created ? 201 : 200, ingestedView(ingested), versionHeaders(ingested.tag));
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/documents",
      role,
      tag,
      summary: "Create or replace up to 1,000 documents; each succeeds or fails on its own",
      idempotent: true,
      body: batchSchema,
      responses: {
        200: { description: "All documents were stored", schema: batchResultSchema },
        207: { description: "Some documents were refused; see each result", schema: batchResultSchema },
      },
    },
    async ({ runtime, namespace, body, requestId }) => {
      const results = await putBatch(runtime, namespace, body.documents, requestId);
      return reply(results.every(({ status }) => status < 400) ? 200 : 207, { results });
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/rag/documents",
      role,
      tag,
      summary: "List documents without their text, of one source or those that match a filter; by id unless sorted",
      query: documentsQuery,
      responses: { 200: { description: "A page of documents", schema: documentPageSchema } },
    },
    async ({ runtime, namespace, query }) => {
      const { limit, cursor, sort: by = "id" } = query;
      const order = query.order ?? (by === "id" ? "asc" : "desc");
      const sorted = `${by} ${order}`;
      const { rows, next } = await listDocuments(runtime.rag.parts.documents, namespace, selectionOf(query), {
        ...{ by, descending: order === "desc", limit },
        after: decodeWholeSortedCursor(cursor, sorted),
      });
      return { items: rows.map(documentView), nextCursor: next && encodeSortedCursor(sorted, next) };
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/rag/documents",
      role,
      tag,
      summary: "Delete the documents of one source, those that match a filter, or all; dryRun only counts",
      query: removeDocumentsQuery,
      queryExample: { source: "handbook.pdf" },
      responses: { 200: { description: "How many were deleted, or would be", schema: removedSchema } },
    },
    async ({ runtime, namespace, query }) => {
      const selection = selectionOf(query);
      if (selection.filter !== null && !hasCondition(selection.filter)) throw emptyFilter();
      if (query.dryRun) return measureDocuments(runtime.rag.parts.documents, namespace, selection);
      return { removed: await runtime.rag.ingest.removeMatching(namespace, selection) };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/rag/documents/{id}",
      role,
      tag,
      summary: "Get a document with its text",
      params: byId,
      versioned: true,
      responses: {
        200: { description: "The document", schema: documentWithTextSchema },
        304: { description: "Not modified: If-None-Match names the current version" },
      },
    },
    async ({ runtime, namespace, params, request }) => {
      const found = await readDocumentText(runtime.rag.parts.documents, namespace, params.id);
      if (found === null) throw noDocument();
      const text = await unpackText(found.text);
      const tags = versionTags(documentVersion(found.document));
      return versioned(request, tags, () => ({ ...documentView(found.document), text }));
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/rag/documents/{id}",
      role,
      tag,
      summary:
        "Delete a document with its chunks, and clear the cached answers of its namespace; accepts If-Match and If-Version",
      params: byId,
      versioned: "requests",
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params, request }) => {
      if (!(await runtime.rag.ingest.remove(namespace, params.id, readCondition(request)))) throw noDocument();
      return reply(204);
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/rag/documents/{id}/chunks",
      role,
      tag,
      summary: "List the chunks of a document in order; offsets count UTF-16 code units of its text",
      params: byId,
      query: listQuery,
      responses: { 200: { description: "A page of chunks", schema: chunkPageSchema } },
    },
    async ({ runtime, namespace, params, query }) => {
      const { documents } = runtime.rag.parts;
      const document = await documents.find(namespace, params.id);
      if (document === null) throw noDocument();
      const { limit, cursor } = query;
      const rows = await documents.chunks(document.rowId, decodeNumberCursor(cursor) ?? -1, limit + 1);
      const { items, nextCursor } = pageOf(rows, limit, ({ ordinal }) => encodeCursor(ordinal));
      const chunks = items.map(({ ordinal, text, start, end }) => ({
        chunkId: chunkIdOf(document.id, ordinal),
        documentId: document.id,
        ordinal,
        text,
        start,
        end,
      }));
      return { items: chunks, nextCursor };
    },
  ),
];

/** Documents of one batch that are processed concurrently, so that their texts share the model's batches. */
const BATCH_CONCURRENCY = 4;

type BatchResult = z.infer<typeof batchResultSchema>["results"][number];

async function putBatch(
  runtime: Runtime,
  namespace: string,
  documents: readonly unknown[],
  requestId: string,
): Promise<BatchResult[]> {
  const results: BatchResult[] = new Array(documents.length);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < documents.length; index = next++)
      results[index] = await putOne(runtime, namespace, documents[index], index, requestId);
  };
  // Within a quota on a server one after the other, whose reads end in any order: what fits is what stands first.
  const isOrdered = runtime.database.dialect === "postgres" && runtime.quotas.of(namespace) !== null;
  const atOnce = isOrdered ? 1 : BATCH_CONCURRENCY;
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

async function putOne(
  runtime: Runtime,
  namespace: string,
  given: unknown,
  index: number,
  requestId: string,
): Promise<BatchResult> {
  const parsed = batchItemSchema.safeParse(given);
  const id = parsed.success ? parsed.data.id : null;
  try {
    if (!parsed.success) throw schemaError(parsed.error, "body", ["documents", index]);
    const { id: documentId, ...body } = parsed.data;
    const ingested = await runtime.rag.ingest.put(namespace, toDocument(documentId, body), null);
    return { index, status: ingested.created ? 201 : 200, ...ingestedView(ingested) };
  } catch (error) {
    if (!(error instanceof AppError))
      runtime.log.error({ requestId, index, err: error }, "a document of a batch failed");
    const { problem } = toProblem(error, requestId);
    return { index, id, status: problem.status, problem };
  }
}

const selectionOf = ({
  source,
  filter,
}: Pick<z.infer<typeof documentsQuery>, "source" | "filter">): DocumentSelection => ({
  source: source ?? null,
  filter: readFilterParameter(filter, "filter"),
});

function emptyFilter(): AppError {
  const errors = [{ path: "query.filter", message: "must have a condition; all=true deletes every document" }];
  return new AppError("validation-failed", "query.filter must have a condition; all=true deletes every document.", {
    errors,
  });
}

function noDocument(): AppError {
  return new AppError("not-found", "No document has this id.");
}
