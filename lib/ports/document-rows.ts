import type { PassageVector, PassageVectorSource } from "./passage-vectors.ts";

/** Fields that filters use and lists show. */
export interface DocumentSummary {
  rowId: number;
  id: string;
  source: string;
  page: number | null;
  language: string | null;
  metadata: Readonly<Record<string, unknown>>;
  checksum: string;
  chunkSize: number;
  chunkOverlap: number;
  chunkCount: number;
  characters: number;
  /** The embedding model whose vectors the chunks have. */
  model: string;
  /** Token limit that the chunks were cut to, so that the model reads each completely; 0 for rows of earlier versions. */
  readingLimit: number;
  /** In which way its words are in the full-text index; 0: by an earlier version, as English whatever they are. */
  wordsVersion: number;
  createdAtMs: number;
  updatedAtMs: number;
}

export interface ChunkRow {
  rowId: number;
  documentRowId: number;
  ordinal: number;
  start: number;
  end: number;
  text: string;
}

export interface NewDocument extends Omit<DocumentSummary, "rowId"> {
  /** Deflated UTF-8. */
  text: Uint8Array;
  /** The original text, from which the chunks are cut. */
  body: string;
  /** In the order of their starts. */
  chunks: readonly (Omit<ChunkRow, "rowId" | "documentRowId" | "text"> & { vector: Uint8Array })[];
  /** What goes into the full-text index, by chunk as UTF-8, where it is not the chunk's text itself; null: nowhere. */
  keywords: readonly Uint8Array[] | null;
  /** Codes of the languages that its words are indexed in. */
  languages: readonly string[];
}

export interface Written {
  rowId: number;
  vectors: PassageVector[];
}

/** By id, or by a figure and then by id in the same direction. Ids compare as their UTF-8 bytes do. */
export type DocumentOrder = "id" | "updatedAt" | "createdAt" | "characters" | "chunks";

export interface DocumentListQuery {
  /** Null: of any source. */
  source: string | null;
  by: DocumentOrder;
  descending: boolean;
  /** The last document before: its figure, which an order by id does not look at, and its id. It may be gone. */
  after: readonly [figure: number, id: string] | null;
  limit: number;
}

export interface DocumentCounts {
  documents: number;
  chunks: number;
  characters: number;
}

/**
 * Documents, their chunks and the full-text index, on disk. Namespaces are isolated from each other. Each version of a
 * document is a row of its own: a later row has a greater number, and none is given out twice. What names rows says
 * nothing of those that are gone, and answers in any order unless one is told.
 */
export interface DocumentRows extends PassageVectorSource {
  find(namespace: string, id: string): Promise<DocumentSummary | null>;
  /** Deflated UTF-8; null where that version is gone. */
  text(rowId: number): Promise<Uint8Array | null>;
  list(namespace: string, query: DocumentListQuery): Promise<DocumentSummary[]>;
  /** By row id, those after `afterRowId`: for a walk over all, or over those of one source. */
  walk(namespace: string, afterRowId: number, limit: number, source?: string | null): Promise<DocumentSummary[]>;
  byRowId(rowIds: readonly number[]): Promise<DocumentSummary[]>;
  /** In order; those after `afterOrdinal`, of which the first is 0. */
  chunks(documentRowId: number, afterOrdinal: number, limit: number): Promise<ChunkRow[]>;
  chunksByRowId(rowIds: readonly number[]): Promise<ChunkRow[]>;
  /** In order; both ends included, and what lies beyond the document left out. */
  chunksAround(documentRowId: number, from: number, to: number): Promise<ChunkRow[]>;
  /**
   * Chunks with at least one of the terms, best first by BM25, and by row where scores are the same; `score` is positive.
   * Case and accents do not count, and words compare as English stems.
   *
   * @param expression `"term" OR "term" …`, of letters and digits: a term of several words is a phrase of neighbours.
   * @param documentRowIds null: all.
   */
  matchKeywords(
    namespace: string,
    expression: string,
    limit: number,
    documentRowIds: readonly number[] | null,
  ): Promise<{ id: number; documentId: number; score: number }[]>;
  /** Replaces the document with this id, if any, in one transaction; of many at once one is left, whole. */
  replace(namespace: string, document: NewDocument): Promise<Written>;
  /** Removes those of the namespace with their chunks and words, in one transaction. */
  remove(namespace: string, rowIds: readonly number[]): Promise<void>;
  /** Bytes of their texts, metadata, passages and vectors on disk. */
  bytesOf(rowIds: readonly number[]): Promise<number>;
  isEmpty(namespace: string): Promise<boolean>;
  counts(namespace: string): Promise<DocumentCounts>;
  /** Models in use, with the number of documents per model. */
  models(namespace: string): Promise<{ model: string; documents: number }[]>;
  /** Documents with another model's vectors, or with chunks that were cut for another reading limit, or with words indexed in another way. */
  countOutdated(
    namespace: string,
    current: Pick<DocumentSummary, "model" | "readingLimit" | "wordsVersion">,
  ): Promise<number>;
  /** Codes of the languages that its documents' words are indexed in; never fewer, also when documents go. */
  languages(namespace: string): readonly string[];
}
