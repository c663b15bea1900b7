import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { DocumentSummary, NewDocument } from "../ports/document-rows.ts";
import type { Condition } from "../shared/condition.ts";
import { AppError } from "../shared/errors.ts";
import { KeyedLock } from "../shared/keyed-lock.ts";
import { type Chunking, chunkSpans, type TextSpan } from "../stores/rag/chunk-text.ts";
import { packText } from "../stores/rag/document-text.ts";
import { indexWords, WORDS_VERSION } from "../stores/rag/index-words.ts";
import { dimensionsOf } from "../stores/rag/vector-code.ts";
import { requireAnyRoom, requirePassageRoom } from "./document-room.ts";
import { groupDocuments } from "./group-documents.ts";
import type { ModelAgreement } from "./model-agreement.ts";
import type { RagParts } from "./rag-parts.ts";
import { type DocumentSelection, matchingDocuments } from "./select-documents.ts";
import { documentVersion, requireVersion, versionTag } from "./versions.ts";

export interface IngestDocument {
  id: string;
  text: string;
  source: string;
  page: number | null;
  language: string | null;
  metadata: Readonly<Record<string, unknown>>;
  chunking: Chunking;
}

export interface Ingested {
  id: string;
  chunks: number;
  checksum: string;
  /** Chunks that the model embedded now, and chunks with reused vectors. */
  embedded: number;
  reused: number;
  created: boolean;
  /** Names the version that is there now. */
  tag: string;
}

/** One document is one transaction, and its vectors wait in memory until then: at most 31 MB. */
const MAX_CHUNKS = 40_000;
const TEXTS_PER_CALL = 64;
/** Some 5 ms of counting tokens. */
const SPANS_PER_SLICE = 64;
/** What one transaction removes, unless one document alone is more: other writes do not wait long. */
const REMOVED_AT_ONCE = { chunks: 2_000, characters: Number.POSITIVE_INFINITY };
const MOST_REMOVED_AT_ONCE = 100;

/** Writes and removes documents. A write is atomic, and durable when the call resolves. */
export class DocumentIngest {
  readonly #parts: RagParts;
  readonly #agreement: ModelAgreement;
  /** Writes to one document run one after another. */
  readonly #lock = new KeyedLock();

  constructor(parts: RagParts, agreement: ModelAgreement) {
    this.#parts = parts;
    this.#agreement = agreement;
  }

  /**
   * @param condition on the version that is there when earlier writes of the document are over; null: none.
   * @throws {AppError} `version-mismatch`, `quota-exceeded`, `conflict` for another model's namespace, `item-too-large` for too many
   * chunks, and the model's errors.
   */
  put(
    namespace: string,
    document: IngestDocument,
    condition: Condition | null,
    signal?: AbortSignal,
  ): Promise<Ingested> {
    return this.#lock.run(JSON.stringify([namespace, document.id]), async () => {
      const before = await this.#parts.documents.find(namespace, document.id);
      requireVersion(condition, before && documentVersion(before));
      if (before === null) await requireAnyRoom(this.#parts, namespace);
      await this.#agreement.require(namespace);
      return this.#replace(namespace, document, before, signal);
    });
  }

  /** Re-embeds a stored document, even if its namespace has vectors of another model. */
  async reembed(namespace: string, id: string, read: () => Promise<IngestDocument | null>): Promise<void> {
    await this.#lock.run(JSON.stringify([namespace, id]), async () => {
      const document = await read();
      if (document === null) return;
      await this.#replace(namespace, document, await this.#parts.documents.find(namespace, id));
    });
  }

  /** Embeds the chunks of several documents in one call, so that the writes that follow find their vectors. */
  async embedAhead(namespace: string, documents: readonly IngestDocument[]): Promise<void> {
    const texts: string[] = [];
    for (const { id, text, chunking } of documents)
      for (const { start, end } of await this.#spansOf(id, text, chunking)) texts.push(text.slice(start, end));
    if (texts.length > 0) await this.#parts.embeddings.embed(texts, { lane: "ingest", namespace });
  }

  /** @returns whether there was one. @throws {AppError} `version-mismatch`. */
  remove(namespace: string, id: string, condition: Condition | null): Promise<boolean> {
    return this.#lock.run(JSON.stringify([namespace, id]), async () => {
      const before = await this.#parts.documents.find(namespace, id);
      if (before === null) return false;
      requireVersion(condition, documentVersion(before));
      await this.#parts.documents.remove(namespace, [before.rowId]);
      this.#forget(namespace, [before]);
      return true;
    });
  }

  /** Removes those that match, some at a time: one that is written meanwhile may stay. @returns how many went. */
  async removeMatching(namespace: string, selection: DocumentSelection): Promise<number> {
    let removed = 0;
    for await (const page of matchingDocuments(this.#parts.documents, namespace, selection))
      for (let from = 0; from < page.length; from += MOST_REMOVED_AT_ONCE)
        for (const group of groupDocuments(page.slice(from, from + MOST_REMOVED_AT_ONCE), REMOVED_AT_ONCE))
          removed += await this.#removeTogether(namespace, group);
    return removed;
  }

  #removeTogether(namespace: string, group: readonly DocumentSummary[]): Promise<number> {
    const { documents } = this.#parts;
    const remove = async () => {
      // A version that replaced one of them has a row of its own, and stays.
      const present = await documents.byRowId(group.map(({ rowId }) => rowId));
      if (present.length === 0) return 0;
      await documents.remove(
        namespace,
        present.map(({ rowId }) => rowId),
      );
      this.#forget(namespace, present);
      return present.length;
    };
    // The locks of all, in the order of their ids: two removals of many cannot wait for each other.
    const keys = group.map(({ id }) => JSON.stringify([namespace, id])).sort();
    return keys.reduceRight((work, key) => () => this.#lock.run(key, work), remove)();
  }

  async #replace(
    namespace: string,
    document: IngestDocument,
    before: DocumentSummary | null,
    signal?: AbortSignal,
  ): Promise<Ingested> {
    const { documents, passages, embedder, reading } = this.#parts;
    const model = embedder.state().model.id;
    const checksum = hash("sha256", document.text, "hex");
    if (
      before !== null &&
      isUnchanged(before, document, { checksum, model, readingLimit: reading.maxTokens, wordsVersion: WORDS_VERSION })
    )
      return {
        id: document.id,
        chunks: before.chunkCount,
        checksum,
        embedded: 0,
        reused: before.chunkCount,
        created: false,
        tag: versionTag(documentVersion(before)),
      };
    const spans = await this.#spansOf(document.id, document.text, document.chunking);
    await requirePassageRoom(this.#parts, namespace, { text: document.text, spans }, before);
    const { chunks, embedded } = await this.#embedChunks(namespace, document, spans, signal);
    const row = await this.#row(namespace, document, { checksum, model, chunks, before });
    await this.#openIndex(namespace, chunks);
    const written = await documents.replace(namespace, row);
    if (before !== null) this.#forget(namespace, [before]);
    passages.add(namespace, written.vectors);
    this.#parts.queryCache.invalidate(namespace);
    return {
      id: document.id,
      chunks: chunks.length,
      checksum,
      embedded,
      reused: chunks.length - embedded,
      created: before === null,
      tag: versionTag(documentVersion({ rowId: written.rowId, updatedAtMs: row.updatedAtMs })),
    };
  }

  async #embedChunks(
    namespace: string,
    { text }: IngestDocument,
    spans: readonly TextSpan[],
    signal?: AbortSignal,
  ): Promise<{ chunks: NewDocument["chunks"]; embedded: number }> {
    const chunks: NewDocument["chunks"][number][] = [];
    let embedded = 0;
    for (let from = 0; from < spans.length; from += TEXTS_PER_CALL) {
      const part = spans.slice(from, from + TEXTS_PER_CALL);
      const texts = part.map(({ start, end }) => text.slice(start, end));
      const answer = await this.#parts.embeddings.embed(texts, { lane: "ingest", namespace }, signal);
      embedded += answer.embedded;
      part.forEach((span, at) => {
        chunks.push({ ...span, ordinal: from + at, vector: answer.codes[at] ?? new Uint8Array() });
      });
    }
    return { chunks, embedded };
  }

  /** A long text is chunked in slices, so that other work can run in between. */
  async #spansOf(id: string, text: string, chunking: Chunking): Promise<TextSpan[]> {
    const readable = await this.#parts.reading.load();
    const spans: TextSpan[] = [];
    for (const span of chunkSpans(text, chunking, readable)) {
      spans.push(span);
      if (spans.length > MAX_CHUNKS)
        throw new AppError("item-too-large", `The document ${id} has more than ${MAX_CHUNKS} chunks.`);
      if (spans.length % SPANS_PER_SLICE === 0) await setImmediate();
    }
    return spans;
  }

  async #row(
    namespace: string,
    document: IngestDocument,
    {
      checksum,
      model,
      chunks,
      before,
    }: { checksum: string; model: string; chunks: NewDocument["chunks"]; before: DocumentSummary | null },
  ): Promise<NewDocument> {
    const nowMs = this.#parts.clock.nowMs();
    const { id, source, page, language, metadata, chunking, text } = document;
    const { documents, reading } = this.#parts;
    const indexed = await indexWords(text, chunks, language, documents.languages(namespace));
    return {
      id,
      source,
      page,
      language,
      metadata,
      checksum,
      model,
      chunks,
      keywords: indexed.words,
      languages: indexed.languages,
      chunkSize: chunking.size,
      chunkOverlap: chunking.overlap,
      readingLimit: reading.maxTokens,
      wordsVersion: WORDS_VERSION,
      chunkCount: chunks.length,
      characters: text.length,
      createdAtMs: before?.createdAtMs ?? nowMs,
      updatedAtMs: nowMs,
      text: await packText(text),
      body: text,
    };
  }

  /** The first document loads a namespace into memory, where it grows; loading it later takes one page at a time. */
  async #openIndex(namespace: string, [first]: NewDocument["chunks"]): Promise<void> {
    const { passages, documents } = this.#parts;
    if (first === undefined || passages.holds(namespace) || !(await documents.isEmpty(namespace))) return;
    await passages.open(namespace, dimensionsOf(first.vector));
  }

  #forget(namespace: string, gone: readonly DocumentSummary[]): void {
    this.#parts.passages.removeDocuments(
      namespace,
      gone.map(({ rowId }) => rowId),
    );
    this.#parts.queryCache.invalidate(namespace);
  }
}

function isUnchanged(
  before: DocumentSummary,
  document: IngestDocument,
  {
    checksum,
    model,
    readingLimit,
    wordsVersion,
  }: Pick<DocumentSummary, "checksum" | "model" | "readingLimit" | "wordsVersion">,
): boolean {
  return (
    before.checksum === checksum &&
    before.model === model &&
    before.readingLimit === readingLimit &&
    before.wordsVersion === wordsVersion &&
    before.chunkSize === document.chunking.size &&
    before.chunkOverlap === document.chunking.overlap &&
    before.source === document.source &&
    before.page === document.page &&
    before.language === document.language &&
    JSON.stringify(before.metadata) === JSON.stringify(document.metadata)
  );
}
