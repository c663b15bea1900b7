import { List } from "./pages.ts";
import { type CallOptions, conditionHeaders, type Precondition, segment, type Transport } from "./transport.ts";
import type {
  Chunk,
  Context,
  ContextQuery,
  Document,
  DocumentsResult,
  DocumentWithText,
  Embeddings,
  EmbeddingsRequest,
  Filter,
  Ingested,
  PutDocument,
  PutDocumentItem,
  RagAnswer,
  RagQuery,
  RagStatus,
  Reembedding,
} from "./types.ts";

const BASE = "/api/v1/rag";
const DOCUMENTS = `${BASE}/documents`;

export interface ListDocuments extends CallOptions {
  source?: string | undefined;
  filter?: Filter | undefined;
  sort?: "updatedAt" | "createdAt" | "characters" | "chunks" | undefined;
  order?: "asc" | "desc" | undefined;
  limit?: number | undefined;
}

/** Documents: texts that are cut into chunks, embedded and searched. */
export class Documents {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Stores a document under `id`, replacing an earlier version at once. */
  put(id: string, document: PutDocument, options: Precondition = {}): Promise<Ingested> {
    const headers = conditionHeaders(options);
    return this.#transport.json("PUT", `${DOCUMENTS}/${segment(id)}`, { json: document, headers }, options);
  }

  /** Stores many documents in one request, with a result for each. */
  putMany(documents: readonly PutDocumentItem[], options: CallOptions = {}): Promise<DocumentsResult> {
    // The same documents again are the same documents.
    return this.#transport.json("POST", DOCUMENTS, { json: { documents }, repeatable: true }, options);
  }

  get(id: string, options: CallOptions = {}): Promise<DocumentWithText | null> {
    return this.#transport.find(`${DOCUMENTS}/${segment(id)}`, {}, options);
  }

  delete(id: string, options: Precondition = {}): Promise<boolean> {
    return this.#transport.remove(`${DOCUMENTS}/${segment(id)}`, { headers: conditionHeaders(options) }, options);
  }

  /** Documents without their text. */
  list({ source, filter, sort, order, limit, ...options }: ListDocuments = {}): List<Document> {
    return new List(this.#transport, DOCUMENTS, { source, filter: filterText(filter), sort, order, limit }, options);
  }

  /** Removes many documents with their chunks. */
  deleteMany(
    which: { source?: string; filter?: Filter } | { all: true },
    options: CallOptions = {},
  ): Promise<{ removed: number }> {
    const query = "all" in which ? { all: true } : { source: which.source, filter: filterText(which.filter) };
    return this.#transport.json("DELETE", DOCUMENTS, { query }, options);
  }

  /** A document's chunks, in order. */
  chunks(id: string, { limit, ...options }: CallOptions & { limit?: number } = {}): List<Chunk> {
    return new List(this.#transport, `${DOCUMENTS}/${segment(id)}/chunks`, { limit }, options);
  }

  /** The passages that answer a question best. */
  query(query: RagQuery, options: CallOptions = {}): Promise<RagAnswer> {
    return this.#transport.json("POST", `${BASE}/query`, { json: query, repeatable: true }, options);
  }

  /** A prompt that fits a budget of tokens: history, passages with citations, and what was left out. */
  context(query: ContextQuery, options: CallOptions = {}): Promise<Context> {
    return this.#transport.json("POST", `${BASE}/context`, { json: query, repeatable: true }, options);
  }

  status(options: CallOptions = {}): Promise<RagStatus> {
    return this.#transport.json("GET", `${BASE}/status`, {}, options);
  }

  /** Embeds the namespace's documents again with the present model, in the background. */
  reembed(options: CallOptions = {}): Promise<Reembedding> {
    return this.#transport.json("POST", `${BASE}/reembed`, { repeatable: true }, options);
  }

  reembedding(options: CallOptions = {}): Promise<Reembedding> {
    return this.#transport.json("GET", `${BASE}/reembed`, {}, options);
  }

  /** Embeds texts with the server's model, in OpenAI's form. */
  embed(request: EmbeddingsRequest, options: CallOptions = {}): Promise<Embeddings> {
    return this.#transport.json("POST", "/api/v1/embeddings", { json: request, repeatable: true }, options);
  }
}

const filterText = (filter: Filter | undefined): string | undefined => (filter ? JSON.stringify(filter) : undefined);
