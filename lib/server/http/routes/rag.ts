import { z } from "zod";
import { DEFAULT_PAGE_SIZE, idSchema, listQuery } from "../../../contracts/common.ts";
import {
  batchItemSchema,
  batchResultSchema,
  batchSchema,
  chunkPageSchema,
  contextQuerySchema,
  contextSchema,
  documentPageSchema,
  documentWithTextSchema,
  ingestedSchema,
  putDocumentSchema,
  ragAnswerSchema,
  ragQuerySchema,
  ragStatusSchema,
  reembedSchema,
} from "../../../contracts/rag.ts";
import { toDocument } from "../../../services/import-document.ts";
import { chunkIdOf } from "../../../services/query-documents.ts";
import { AppError } from "../../../shared/errors.ts";
import { unpackText } from "../../../stores/rag/document-text.ts";
import type { Runtime } from "../../runtime.ts";
import { decodeNameCursor, decodeNumberCursor, encodeCursor } from "../answer/page-cursor.ts";
import { schemaError, toProblem } from "../answer/problem.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { documentView, ingestedView, ragStatus, readFilter, reembedView } from "./rag-views.ts";

const byId = z.object({ id: idSchema });
const tag = "rag";
const role = "consumer";

const documentRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "put",
      path: "/api/v1/rag/documents/{id}",
      role,
      tag,
      summary: "Create or replace a document; it is chunked, embedded and stored in one step",
      params: byId,
      body: putDocumentSchema,
      errors: [502, 504],
      responses: {
        200: { description: "The document was replaced, or is unchanged", schema: ingestedSchema },
        201: { description: "The document was created", schema: ingestedSchema },
      },
    },
    async ({ runtime, namespace, params, body, request }) => {
      const ingested = await runtime.rag.ingest.put(namespace, toDocument(params.id, body), request.signal);
      return reply(ingested.created ? 201 : 200, ingestedView(ingested));
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/documents",
      role,
      tag,
      summary: "Create or replace up to 1,000 documents; each succeeds or fails on its own",
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
      summary: "List documents in the order of their ids, without their text",
      query: listQuery,
      responses: { 200: { description: "A page of documents", schema: documentPageSchema } },
    },
    async ({ runtime, namespace, query }) => {
      const limit = query.limit ?? DEFAULT_PAGE_SIZE;
      const rows = await runtime.rag.parts.documents.list(namespace, decodeNameCursor(query.cursor), limit + 1);
      const items = rows.slice(0, limit).map(documentView);
      const last = items.at(-1);
      return { items, nextCursor: last && rows.length > limit ? encodeCursor(last.id) : null };
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
      responses: { 200: { description: "The document", schema: documentWithTextSchema } },
    },
    async ({ runtime, namespace, params }) => {
      const { documents } = runtime.rag.parts;
      const [document, text] = await Promise.all([
        documents.find(namespace, params.id),
        documents.text(namespace, params.id),
      ]);
      if (document === null || text === null) throw noDocument();
      return { ...documentView(document), text: await unpackText(text) };
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/rag/documents/{id}",
      role,
      tag,
      summary: "Delete a document with its chunks, and clear the cached answers of its namespace",
      params: byId,
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params }) => {
      if (!(await runtime.rag.ingest.remove(namespace, params.id))) throw noDocument();
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
      const limit = query.limit ?? DEFAULT_PAGE_SIZE;
      const rows = await documents.chunks(document.rowId, decodeNumberCursor(query.cursor) ?? -1, limit + 1);
      const items = rows.slice(0, limit).map(({ ordinal, text, start, end }) => ({
        chunkId: chunkIdOf(document.id, ordinal),
        documentId: document.id,
        ordinal,
        text,
        start,
        end,
      }));
      const last = items.at(-1);
      return { items, nextCursor: last && rows.length > limit ? encodeCursor(last.ordinal) : null };
    },
  ),
];

const askRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/query",
      growsMemory: false,
      role,
      tag,
      summary: "Search passages for a question by meaning, by keyword, or by both",
      body: ragQuerySchema,
      errors: [502, 504],
      responses: { 200: { description: "Matching passages, best first", schema: ragAnswerSchema } },
    },
    async ({ runtime, namespace, body }) => {
      const startedMs = runtime.clock.monotonicMs();
      const { matches, cached } = await runtime.rag.queries.query(namespace, {
        ...body,
        minScore: body.minScore ?? null,
        filter: readFilter(body.filter),
      });
      return { matches, cached, tookMs: tookSince(runtime, startedMs) };
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/context",
      growsMemory: false,
      role,
      tag,
      summary: "Build a prompt that fits a token budget, with citations",
      body: contextQuerySchema,
      errors: [404, 502, 504],
      responses: { 200: { description: "The prompt", schema: contextSchema } },
    },
    ({ runtime, namespace, body }) =>
      runtime.rag.contexts.assemble(namespace, {
        query: body.query,
        conversationId: body.conversationId ?? null,
        maxTokens: body.maxTokens,
        model: body.model ?? null,
        k: body.k,
        filter: readFilter(body.filter),
        system: body.system ?? null,
      }),
  ),
];

const statusRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/api/v1/rag/status",
      role: ["viewer", "consumer"],
      tag,
      summary: "Get document counts, cache hit ratios and the state of the embedding model",
      responses: { 200: { description: "The status", schema: ragStatusSchema } },
    },
    ({ runtime, namespace }) => ragStatus(runtime.rag, namespace),
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/rag/reembed",
      role: ["viewer", "consumer"],
      tag,
      summary: "Get the progress of re-embedding",
      responses: { 200: { description: "The job", schema: reembedSchema } },
    },
    ({ runtime, namespace }) => reembedView(runtime.rag.reembedding.state(namespace)),
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/rag/reembed",
      role: "operator",
      tag,
      summary:
        "Bring the namespace's documents up to date: embed them with the present model, and index their words as new ones",
      responses: {
        202: {
          description: "The job was started, or was already running",
          schema: reembedSchema,
          headers: ["Location"],
        },
      },
    },
    async ({ runtime, namespace, identity, requestId }) => {
      const job = await runtime.rag.reembedding.start(namespace);
      await runtime.audit.done(identity, "rag.reembed", namespace, `${job.total} documents, ${job.model}`, requestId);
      return reply(202, reembedView(job), { Location: "/api/v1/rag/reembed" });
    },
  ),
];

export const ragRoutes: readonly Route[] = [...documentRoutes, ...askRoutes, ...statusRoutes];

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
  await Promise.all(Array.from({ length: BATCH_CONCURRENCY }, work));
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
    const { created, ...ingested } = await runtime.rag.ingest.put(namespace, toDocument(documentId, body));
    return { index, status: created ? 201 : 200, ...ingested };
  } catch (error) {
    if (!(error instanceof AppError))
      runtime.log.error({ requestId, index, err: error }, "a document of a batch failed");
    const { problem } = toProblem(error, requestId);
    return { index, id, status: problem.status, problem };
  }
}

function tookSince({ clock }: Runtime, startedMs: number): number {
  return Math.round((clock.monotonicMs() - startedMs) * 1_000) / 1_000;
}

function noDocument(): AppError {
  return new AppError("not-found", "No document has this id.");
}
