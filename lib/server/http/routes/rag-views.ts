import type { z } from "zod";
import type { DocumentView, RagStatus, reembedSchema } from "../../../contracts/rag.ts";
import type { DocumentSummary } from "../../../ports/document-rows.ts";
import type { Ingested } from "../../../services/ingest-document.ts";
import type { ReembedJob } from "../../../services/reembed-documents.ts";
import { AppError } from "../../../shared/errors.ts";
import { type Filter, FilterError, parseFilter } from "../../../shared/filter.ts";
import type { Rag } from "../../compose/rag.ts";

export function ingestedView({ created: _, tag: __, ...view }: Ingested): Omit<Ingested, "created" | "tag"> {
  return view;
}

export function documentView(document: DocumentSummary): DocumentView {
  const { id, source, page, language, checksum, characters, model } = document;
  return {
    id,
    source,
    page,
    language,
    metadata: document.metadata as DocumentView["metadata"],
    checksum,
    chunks: document.chunkCount,
    characters,
    chunking: { size: document.chunkSize, overlap: document.chunkOverlap },
    model,
    createdAt: iso(document.createdAtMs),
    updatedAt: iso(document.updatedAtMs),
  };
}

export function reembedView({ startedAtMs, finishedAtMs, ...job }: ReembedJob): z.infer<typeof reembedSchema> {
  const when = (ms: number | null) => (ms === null ? null : iso(ms));
  return { ...job, startedAt: when(startedAtMs), finishedAt: when(finishedAtMs) };
}

/** @throws {AppError} `validation-failed` that names the place in the filter. */
export function readFilter(given: unknown): { given: unknown; parsed: Filter } | null {
  if (given === undefined) return null;
  try {
    return { given, parsed: parseFilter(given) };
  } catch (cause) {
    if (!(cause instanceof FilterError)) throw cause;
    const path = `/filter${cause.path}`;
    throw new AppError("validation-failed", `${path}: ${cause.message}`, {
      errors: [{ path, message: cause.message }],
      cause,
    });
  }
}

export async function ragStatus({ parts, reembedding }: Rag, namespace: string): Promise<RagStatus> {
  const { documents, conversations, embedder, embeddings, queryCache, passages } = parts;
  const [documentCounts, conversationCounts] = await Promise.all([
    documents.counts(namespace),
    conversations.counts(namespace),
  ]);
  const { model, ...state } = embedder.state();
  const embeddingHits = embeddings.counters.snapshot();
  const queryHits = queryCache.counters.snapshot();
  const { rows, scopes, memoryScans, diskScans } = passages.counters;
  return {
    ...documentCounts,
    ...conversationCounts,
    embedder: { ...state, model: model.id, dimensions: model.dimensions },
    embeddingCache: {
      hits: embeddingHits.hits,
      misses: embeddingHits.misses,
      hitRatio: embeddingHits.hitRatio,
      items: embeddings.items,
      bytes: embeddings.bytes,
      diskRows: embeddings.diskRows,
      maxDiskRows: embeddings.bounds.maxRows,
    },
    queryCache: {
      hits: queryHits.hits,
      misses: queryHits.misses,
      hitRatio: queryHits.hitRatio,
      items: queryCache.items,
      maxItems: queryCache.bounds.maxItems,
      bytes: queryCache.bytes,
      maxBytes: queryCache.bounds.maxBytes,
    },
    index: { rows, scopes, bytes: passages.bytes, memoryScans, diskScans },
    reembedding: reembedView(reembedding.state(namespace)),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
