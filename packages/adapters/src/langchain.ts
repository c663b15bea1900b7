import {
  type CacheWrite,
  type Filter,
  type Headroom,
  isMisuse,
  type Message,
  type NewMessage,
  type NewPoint,
  NotFoundError,
  type Points,
  type Search,
  type SearchAnswer,
} from "@headroom/client";
import { BaseCache, deserializeStoredGeneration, serializeGeneration } from "@langchain/core/caches";
import { BaseListChatMessageHistory } from "@langchain/core/chat_history";
import { Document, type DocumentInterface } from "@langchain/core/documents";
import { Embeddings, type EmbeddingsInterface, type EmbeddingsParams } from "@langchain/core/embeddings";
import { type BaseMessage, mapStoredMessagesToChatMessages, type StoredMessage } from "@langchain/core/messages";
import type { Generation } from "@langchain/core/outputs";
import { maximalMarginalRelevance } from "@langchain/core/utils/math";
import { type MaxMarginalRelevanceSearchOptions, VectorStore } from "@langchain/core/vectorstores";
import { APPENDED, batchesOf, jsonLength } from "./batches.ts";

const NAMESPACE = ["headroom"];
/** The most that one request takes. */
const MOST_POINTS = 1_000;
const POINTS = { items: MOST_POINTS, characters: 4_000_000 };
const TEXTS = { items: 256, characters: 2_000_000 };
const PAGE = 500;
const MOST_MESSAGES = 100_000;

/** The messages of a conversation: content as it is, the rest of a message (64 KiB) in its metadata. */
export class HeadroomChatMessageHistory extends BaseListChatMessageHistory {
  override lc_namespace = NAMESPACE;
  readonly #client: Headroom;
  readonly #conversation: string;

  constructor({ client, sessionId }: { client: Headroom; sessionId: string }) {
    super();
    this.#client = client;
    this.#conversation = sessionId;
  }

  /** Oldest first; none of a conversation that is not there. */
  async getMessages(): Promise<BaseMessage[]> {
    try {
      const kept = await this.#client.conversations.messages(this.#conversation, { limit: PAGE }).all(MOST_MESSAGES);
      return mapStoredMessagesToChatMessages(kept.map(storedOf));
    } catch (error) {
      if (error instanceof NotFoundError) return [];
      throw error;
    }
  }

  addMessage(message: BaseMessage): Promise<void> {
    return this.addMessages([message]);
  }

  /** Up to 100 at once: all, or none. */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    for (const batch of batchesOf(messages.map(messageOf), APPENDED, jsonLength))
      await this.#client.conversations.appendMany(this.#conversation, batch);
  }

  override async clear(): Promise<void> {
    await this.#client.conversations.delete(this.#conversation);
  }
}

const ROLES: Readonly<Record<string, Message["role"]>> = {
  ai: "assistant",
  system: "system",
  tool: "tool",
  function: "tool",
};

function messageOf(message: BaseMessage): NewMessage {
  const { type, data } = message.toDict();
  const { content, ...rest } = data as unknown as { content: NewMessage["content"] };
  return { role: ROLES[type] ?? "user", content, metadata: { langchain: { type, data: rest } } };
}

const TYPES: Readonly<Record<Message["role"], string>> = {
  user: "human",
  assistant: "ai",
  system: "system",
  // What something else appended as a tool's names no call.
  tool: "human",
};

function storedOf({ role, content, metadata }: Message): StoredMessage {
  const kept = metadata?.langchain as { type: string; data: object } | undefined;
  return { type: kept?.type ?? TYPES[role], data: { ...kept?.data, content } } as unknown as StoredMessage;
}

/** The server's own embedding model. */
export class HeadroomEmbeddings extends Embeddings {
  readonly #client: Headroom;

  constructor({ client, ...params }: EmbeddingsParams & { client: Headroom }) {
    super(params);
    this.#client = client;
  }

  async embedDocuments(texts: string[]): Promise<number[][]> {
    const vectors: number[][] = [];
    for (const input of batchesOf(texts, TEXTS, ({ length }) => length)) {
      const { data } = await this.#client.documents.embed({ input });
      for (const { embedding } of data) if (typeof embedding !== "string") vectors.push(embedding);
    }
    return vectors;
  }

  async embedQuery(text: string): Promise<number[]> {
    const [vector = []] = await this.embedDocuments([text]);
    return vector;
  }
}

export interface HeadroomVectorStoreOptions {
  client: Headroom;
  collection: string;
  /** Of a collection that is not there yet; cosine by default. */
  metric?: "cosine" | "dot" | "euclidean" | undefined;
}

/** The text of a document, beside the members of its metadata, which filters name. */
const TEXT = "$pageContent";

/**
 * A collection as a vector store. It is created by the first vectors. A document's text and metadata take 16 KB together.
 */
export class HeadroomVectorStore extends VectorStore {
  declare FilterType: Filter;
  readonly #options: HeadroomVectorStoreOptions;
  readonly #points: Points;
  #created = false;

  constructor(embeddings: EmbeddingsInterface, options: HeadroomVectorStoreOptions) {
    super(embeddings, {});
    this.#options = options;
    this.#points = options.client.collections.use(options.collection);
  }

  static override async fromDocuments(
    documents: DocumentInterface[],
    embeddings: EmbeddingsInterface,
    options: HeadroomVectorStoreOptions,
  ): Promise<HeadroomVectorStore> {
    const store = new HeadroomVectorStore(embeddings, options);
    await store.addDocuments(documents);
    return store;
  }

  static override async fromTexts(
    texts: string[],
    metadatas: object | object[],
    embeddings: EmbeddingsInterface,
    options: HeadroomVectorStoreOptions,
  ): Promise<HeadroomVectorStore> {
    const documents = texts.map((pageContent, at) => {
      const metadata = Array.isArray(metadatas) ? metadatas[at] : metadatas;
      return new Document({ pageContent, metadata });
    });
    return await HeadroomVectorStore.fromDocuments(documents, embeddings, options);
  }

  _vectorstoreType(): string {
    return "headroom";
  }

  async addDocuments(documents: DocumentInterface[], options?: { ids?: string[] }): Promise<string[]> {
    const vectors = await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent));
    return await this.addVectors(vectors, documents, options);
  }

  /** Ids are those of `options.ids`, else the documents' own, else new ones. @throws {RangeError} naming a refused document. */
  async addVectors(
    vectors: number[][],
    documents: DocumentInterface[],
    options?: { ids?: string[] },
  ): Promise<string[]> {
    const points = documents.map(({ id, pageContent, metadata }, at): NewPoint => {
      const own = options?.ids?.[at] ?? id ?? crypto.randomUUID();
      return { id: own, vector: vectors[at] ?? [], metadata: { ...metadata, [TEXT]: pageContent } };
    });
    const [first] = vectors;
    if (first === undefined) return [];
    await this.#create(first.length);
    let from = 0;
    for (const batch of batchesOf(points, POINTS, jsonLength)) {
      const { results } = await this.#points.upsert(batch);
      const [refused] = results ?? [];
      if (refused) throw new RangeError(`document ${from + refused.index} (${refused.id}): ${refused.problem.detail}`);
      from += batch.length;
    }
    return points.map(({ id }) => id);
  }

  /** By ids, by filter, or with `all`, of what is there. */
  override async delete({ ids = [], filter, all }: { ids?: string[]; filter?: Filter; all?: true }): Promise<void> {
    try {
      for (let from = 0; from < ids.length; from += MOST_POINTS)
        await this.#points.batch({ delete: ids.slice(from, from + MOST_POINTS) });
      if (all) await this.#points.batch({ all });
      else if (filter) await this.#points.batch({ filter });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  async similaritySearchVectorWithScore(vector: number[], k: number, filter?: Filter): Promise<[Document, number][]> {
    const matches = await this.#search({ vector, k, filter });
    return matches.map((match) => [documentOf(match), match.score]);
  }

  override async maxMarginalRelevanceSearch(
    query: string,
    { k, fetchK = 20, lambda = 0.5, filter }: MaxMarginalRelevanceSearchOptions<Filter>,
  ): Promise<Document[]> {
    const vector = await this.embeddings.embedQuery(query);
    const found = await this.#search({ vector, k: Math.max(k, fetchK), filter, includeVectors: true });
    const vectors = found.map((match) => match.vector ?? []);
    return maximalMarginalRelevance(vector, vectors, lambda, k).flatMap((at) => {
      const match = found[at];
      return match ? [documentOf(match)] : [];
    });
  }

  async #create(dimensions: number): Promise<void> {
    if (this.#created) return;
    const { client, collection, metric = "cosine" } = this.#options;
    await client.collections.create(collection, { dimensions, metric });
    this.#created = true;
  }

  /** A collection that is not there has no matches. */
  async #search(search: Search): Promise<SearchAnswer["matches"]> {
    try {
      return (await this.#points.search(search)).matches;
    } catch (error) {
      if (error instanceof NotFoundError) return [];
      throw error;
    }
  }
}

function documentOf({ id, metadata }: SearchAnswer["matches"][number]): Document {
  const { [TEXT]: text, ...rest } = metadata;
  return new Document({ id, pageContent: String(text ?? ""), metadata: rest });
}

export interface HeadroomLlmCacheOptions extends Pick<CacheWrite, "maxAgeSeconds" | "tags"> {
  client: Headroom;
  /** How the keys begin; `langchain:` by default. */
  prefix?: string | undefined;
}

/** Answers of models in the response cache: bounded, and lost at a restart. Without the server models are asked. */
export class HeadroomLlmCache extends BaseCache {
  readonly #options: HeadroomLlmCacheOptions;

  constructor(options: HeadroomLlmCacheOptions) {
    super();
    this.#options = options;
  }

  async lookup(prompt: string, llmKey: string): Promise<Generation[] | null> {
    try {
      const found = await this.#options.client.cache.get(this.#keyOf(prompt, llmKey));
      type Kept = Parameters<typeof deserializeStoredGeneration>[0];
      return found?.json<Kept[]>().map(deserializeStoredGeneration) ?? null;
    } catch (error) {
      // A wrong key would stay unseen if it only made the answers slow.
      if (isMisuse(error)) throw error;
      return null;
    }
  }

  async update(prompt: string, llmKey: string, value: Generation[]): Promise<void> {
    const { client, maxAgeSeconds, tags } = this.#options;
    const kept = value.map(serializeGeneration);
    await client.cache.set(this.#keyOf(prompt, llmKey), kept, { maxAgeSeconds, tags }).catch(() => false);
  }

  #keyOf(prompt: string, llmKey: string): string {
    return (this.#options.prefix ?? "langchain:") + this.keyEncoder(prompt, llmKey);
  }
}
