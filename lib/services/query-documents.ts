import type { ChunkRow, DocumentSummary } from "../ports/document-rows.ts";
import type { Filter } from "../shared/filter.ts";
import { keywordExpression } from "../stores/rag/keyword-query.ts";
import { FEEDBACK_PASSAGES, withFeedback } from "../stores/rag/query-feedback.ts";
import { canonicalJson, normalizeQuestion } from "../stores/rag/question.ts";
import { diversify, type Fused, sumScores } from "../stores/rag/score-fusion.ts";
import { decodeVector, dotWithCode } from "../stores/rag/vector-code.ts";
import type { ModelAgreement } from "./model-agreement.ts";
import type { RagParts } from "./rag-parts.ts";
import { matchingDocuments } from "./select-documents.ts";

export type QueryMode = "vector" | "keyword" | "hybrid";

export interface PassageQuery {
  query: string;
  k: number;
  mode: QueryMode;
  minScore: number | null;
  neighbors: number;
  /** The filter as written (for the cache key), and as parsed. */
  filter: { given: unknown; parsed: Filter } | null;
}

export interface Neighbor {
  chunkId: string;
  text: string;
  start: number;
  end: number;
  /** −1: right before the match; 1: right after it. */
  offset: number;
}

export interface PassageMatch {
  chunkId: string;
  documentId: string;
  source: string;
  page: number | null;
  text: string;
  score: number;
  start: number;
  end: number;
  neighbors: Neighbor[];
}

/** Number of candidates per ranking. */
const CANDIDATES = 200;
/**
 * Weight of cosine relative to BM25, each divided by the best of its kind (bench/rag; 1 to 2 differ by less than
 * chance).
 */
const MEANING_WEIGHT = 1.5;
const WORDS_WEIGHT = 1;

/** Searches passages by meaning, by keyword, or by both. Answers are cached until a write to the namespace. */
export class DocumentQuery {
  readonly #parts: RagParts;
  readonly #agreement: ModelAgreement;

  constructor(parts: RagParts, agreement: ModelAgreement) {
    this.#parts = parts;
    this.#agreement = agreement;
  }

  /** @throws {AppError} `conflict` for another model's namespace, and the model's errors. */
  async query(namespace: string, query: PassageQuery): Promise<{ matches: PassageMatch[]; cached: boolean }> {
    const { queryCache, embedder } = this.#parts;
    const question = normalizeQuestion(query.query, embedder.state().kind === "embedded");
    const parameters = canonicalJson([
      namespace,
      query.k,
      query.mode,
      query.minScore,
      query.neighbors,
      query.filter?.given ?? null,
    ]);
    const key = `${parameters}\n${question}`;
    const known = queryCache.get(key) ?? (await this.#sameQuestion(namespace, question, parameters, query.mode));
    if (known !== undefined) return { matches: JSON.parse(known.toString("utf8")), cached: true };
    const pending = queryCache.begin(namespace);
    try {
      const matches = await this.#search(namespace, { ...query, query: question });
      if (queryCache.set(pending, key, Buffer.from(JSON.stringify(matches))))
        await this.#remember(namespace, question, parameters, key, query.mode);
      return { matches, cached: false };
    } finally {
      queryCache.end(pending);
    }
  }

  async #sameQuestion(
    namespace: string,
    question: string,
    parameters: string,
    mode: QueryMode,
  ): Promise<Buffer | undefined> {
    const { semanticCache, queryCache, embeddings } = this.#parts;
    if (!this.#parts.usesSemanticCache() || mode === "keyword" || semanticCache.items === 0) return undefined;
    const vector = await embeddings.embedOne(question, { lane: "query", namespace });
    for (const key of semanticCache.find(question, vector, parameters)) {
      const answer = queryCache.peek(key);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async #remember(
    namespace: string,
    question: string,
    parameters: string,
    key: string,
    mode: QueryMode,
  ): Promise<void> {
    const { semanticCache, embeddings } = this.#parts;
    if (!this.#parts.usesSemanticCache() || mode === "keyword") return;
    semanticCache.remember(
      question,
      await embeddings.embedOne(question, { lane: "query", namespace }),
      parameters,
      key,
    );
  }

  async #search(namespace: string, query: PassageQuery): Promise<PassageMatch[]> {
    if (await this.#parts.documents.isEmpty(namespace)) return [];
    const allowed = query.filter === null ? null : await this.#allowed(namespace, query.filter.parsed);
    if (allowed?.size === 0) return [];
    const ranked = await this.#rank(namespace, query, allowed);
    const wanted = query.minScore === null ? ranked : ranked.filter(({ score }) => score >= (query.minScore ?? 0));
    return this.#describe(wanted.slice(0, query.k), query.neighbors);
  }

  async #rank(
    namespace: string,
    { query, k, mode }: PassageQuery,
    allowed: ReadonlySet<number> | null,
  ): Promise<Fused[]> {
    const limit = Math.max(CANDIDATES, k);
    if (mode === "keyword") return this.#byWords(namespace, query, limit, allowed);
    await this.#agreement.require(namespace);
    const vector = await this.#parts.embeddings.embedOne(query, { lane: "query", namespace });
    const allows = allowed === null ? null : (documentId: number) => allowed.has(documentId);
    if (mode === "vector") return this.#parts.passages.search(namespace, vector, limit, allows);
    const [words, firstLook] = await Promise.all([
      this.#byWords(namespace, query, limit, allowed),
      this.#parts.passages.search(namespace, vector, limit, allows),
    ]);
    const known = await this.#vectorsOf(namespace, words);
    const first = diversify(fuse(vector, firstLook, words, known), FEEDBACK_PASSAGES);
    const moved = await this.#withFeedback(namespace, vector, first);
    const secondLook = await this.#parts.passages.search(namespace, moved, limit, allows);
    return diversify(fuse(moved, secondLook, words, known), k);
  }

  async #withFeedback(namespace: string, vector: Float32Array, first: readonly Fused[]): Promise<Float32Array> {
    const vectors = await this.#vectorsOf(namespace, first);
    return withFeedback(vector, [...vectors.values()].map(decodeVector));
  }

  async #vectorsOf(namespace: string, items: readonly Fused[]): Promise<Map<number, Uint8Array>> {
    const rows = await this.#parts.documents.byId(
      namespace,
      items.map(({ id }) => id),
    );
    return new Map(rows.map(({ id, vector }) => [id, vector]));
  }

  async #byWords(
    namespace: string,
    question: string,
    limit: number,
    allowed: ReadonlySet<number> | null,
  ): Promise<Fused[]> {
    const { documents } = this.#parts;
    const expression = await keywordExpression(question, documents.languages(namespace));
    if (expression === null) return [];
    return documents.matchKeywords(namespace, expression, limit, allowed === null ? null : [...allowed]);
  }

  /** Row ids of the documents that match the filter; read in pages, so that only the ids are held. */
  async #allowed(namespace: string, filter: Filter): Promise<Set<number>> {
    const allowed = new Set<number>();
    for await (const page of matchingDocuments(this.#parts.documents, namespace, { source: null, filter }))
      for (const { rowId } of page) allowed.add(rowId);
    return allowed;
  }

  async #describe(ranked: readonly Fused[], neighbors: number): Promise<PassageMatch[]> {
    const { documents } = this.#parts;
    const [chunks, owners] = await Promise.all([
      documents.chunksByRowId(ranked.map(({ id }) => id)),
      documents.byRowId([...new Set(ranked.map(({ documentId }) => documentId))]),
    ]);
    const chunkOf = new Map(chunks.map((chunk) => [chunk.rowId, chunk]));
    const documentOf = new Map(owners.map((document) => [document.rowId, document]));
    const matches: PassageMatch[] = [];
    for (const { id, documentId, score } of ranked) {
      const chunk = chunkOf.get(id);
      const document = documentOf.get(documentId);
      // Removed since it was ranked.
      if (chunk === undefined || document === undefined) continue;
      const around =
        neighbors === 0
          ? []
          : await documents.chunksAround(documentId, chunk.ordinal - neighbors, chunk.ordinal + neighbors);
      matches.push(toMatch(chunk, document, score, around));
    }
    return matches;
  }
}

/** By meaning and by keyword; passages found only by keyword get their cosine too. */
function fuse(
  vector: Float32Array,
  meaning: readonly Fused[],
  words: readonly Fused[],
  vectors: ReadonlyMap<number, Uint8Array>,
): Fused[] {
  const looked = new Set(meaning.map(({ id }) => id));
  const others = words.flatMap(({ id, documentId }) => {
    const code = looked.has(id) ? undefined : vectors.get(id);
    return code === undefined ? [] : [{ id, documentId, score: dotWithCode(vector, code) }];
  });
  return sumScores([
    { weight: MEANING_WEIGHT, items: [...meaning, ...others] },
    { weight: WORDS_WEIGHT, items: words },
  ]);
}

function toMatch(chunk: ChunkRow, document: DocumentSummary, score: number, around: readonly ChunkRow[]): PassageMatch {
  return {
    chunkId: chunkIdOf(document.id, chunk.ordinal),
    documentId: document.id,
    source: document.source,
    page: document.page,
    text: chunk.text,
    score,
    start: chunk.start,
    end: chunk.end,
    neighbors: around
      .filter(({ ordinal }) => ordinal !== chunk.ordinal)
      .map(({ ordinal, text, start, end }) => ({
        chunkId: chunkIdOf(document.id, ordinal),
        text,
        start,
        end,
        offset: ordinal - chunk.ordinal,
      })),
  };
}

/** Stable over restarts and over writes of the unchanged document. */
export function chunkIdOf(documentId: string, ordinal: number): string {
  return `${documentId}#${ordinal}`;
}
