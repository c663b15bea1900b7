import type { ContextBuilder } from "../../ports/context-builder.ts";
import type { Embedder } from "../../ports/embedder.ts";
import { ContextAssembly } from "../../services/assemble-context.ts";
import { Conversations } from "../../services/conversations.ts";
import { exportConversations, exportDocuments } from "../../services/export-rag.ts";
import { readDocument } from "../../services/import-document.ts";
import { DocumentIngest } from "../../services/ingest-document.ts";
import { MessageEmbedding } from "../../services/message-embedding.ts";
import { ModelAgreement } from "../../services/model-agreement.ts";
import { DocumentQuery } from "../../services/query-documents.ts";
import type { RagParts } from "../../services/rag-parts.ts";
import { Reembedding } from "../../services/reembed-documents.ts";
import { MessageSearch } from "../../services/search-messages.ts";
import { decodeVector } from "../../stores/rag/vector-code.ts";

/** The RAG store for routes, streams and exports: its verbs, and its parts for reports. */
export class Rag {
  readonly parts: RagParts;
  readonly ingest: DocumentIngest;
  readonly queries: DocumentQuery;
  readonly conversations: Conversations;
  readonly messageEmbedding: MessageEmbedding;
  readonly messages: MessageSearch;
  readonly contexts: ContextAssembly;
  readonly reembedding: Reembedding;

  constructor(parts: RagParts) {
    this.parts = parts;
    const agreement = new ModelAgreement(parts.documents, parts.embedder);
    this.ingest = new DocumentIngest(parts, agreement);
    this.queries = new DocumentQuery(parts, agreement);
    this.conversations = new Conversations(parts);
    this.messageEmbedding = new MessageEmbedding(parts);
    this.messages = new MessageSearch(parts, this.messageEmbedding);
    this.contexts = new ContextAssembly(parts, this.queries, this.conversations);
    this.reembedding = new Reembedding(parts, this.ingest);
  }

  /** Writes a stream's record as a document, once per id, however often the stream is sent. */
  async importDocument(namespace: string, id: string, record: Record<string, unknown>): Promise<void> {
    await this.ingest.put(namespace, readDocument(id, record), null);
  }

  /** Vectors of texts, for streams without vectors and for callers that keep their own. */
  async embed(namespace: string, texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { codes } = await this.parts.embeddings.embed(texts, { lane: "ingest", namespace }, signal);
    return codes.map(decodeVector);
  }

  /** The vector of a question. */
  async embedQuestion(namespace: string, text: string): Promise<Float32Array> {
    const { codes } = await this.parts.embeddings.embed([text], { lane: "query", namespace });
    return decodeVector(codes[0] as Uint8Array);
  }

  exportDocuments(namespace: string): AsyncGenerator<Record<string, unknown>> {
    return exportDocuments(this.parts.documents, namespace);
  }

  exportConversations(namespace: string): AsyncGenerator<Record<string, unknown>> {
    return exportConversations(this.parts.conversations, namespace);
  }

  async close(): Promise<void> {
    this.reembedding.close();
    const helpers: (Embedder | ContextBuilder)[] = [this.parts.embedder, this.parts.contextBuilder];
    await Promise.all([...helpers.map((helper) => helper.close()), this.messageEmbedding.close()]);
  }
}
