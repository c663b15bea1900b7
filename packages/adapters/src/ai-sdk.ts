import {
  type CacheWrite,
  type Filter,
  type Headroom,
  isMisuse,
  type Message,
  type NewMessage,
  NotFoundError,
} from "@headroom/client";
import { jsonSchema, type LanguageModelMiddleware, type Tool, tool, type UIMessage } from "ai";
import { APPENDED, batchesOf, jsonLength } from "./batches.ts";
import { isWhole, keyOf, MOST_KEPT, recorder, streamOf, withoutTransport } from "./kept-answers.ts";
import { parse, stringify } from "./typed-json.ts";

interface EmbedCall {
  values: string[];
  abortSignal?: AbortSignal | undefined;
}
/** An embedding model of the specification that both AI SDK 6 and 7 take. */
export interface HeadroomEmbeddingModel {
  readonly specificationVersion: "v3";
  readonly provider: string;
  readonly modelId: string;
  readonly maxEmbeddingsPerCall: number;
  readonly supportsParallelCalls: boolean;
  doEmbed(call: EmbedCall): Promise<{ embeddings: number[][]; usage: { tokens: number }; warnings: [] }>;
}

/** Most texts of one request, and most characters: what is over them goes in several. */
const TEXTS = { items: 2_048, characters: 2_000_000 };

/** The server's own embedding model, for `embed` and `embedMany`. Tokens are estimated: one for four characters. */
export function headroomEmbedding({ client }: { client: Headroom }): HeadroomEmbeddingModel {
  return {
    specificationVersion: "v3",
    provider: "headroom",
    modelId: "embedding",
    maxEmbeddingsPerCall: TEXTS.items,
    supportsParallelCalls: true,
    async doEmbed({ values, abortSignal }) {
      const embeddings: number[][] = [];
      let tokens = 0;
      for (const input of batchesOf(values, TEXTS, ({ length }) => length)) {
        const answer = await client.documents.embed({ input }, { signal: abortSignal });
        for (const { embedding } of answer.data) if (typeof embedding !== "string") embeddings.push(embedding);
        tokens += answer.usage.total_tokens;
      }
      return { embeddings, usage: { tokens }, warnings: [] };
    },
  };
}

export interface ResponseCacheOptions extends Pick<CacheWrite, "maxAgeSeconds" | "tags"> {
  client: Headroom;
  /** How the keys begin; `ai-sdk:` by default. With it a caller's answers are kept apart, and purged together. */
  prefix?: string | undefined;
}

/**
 * Answers from the cache where the same model was asked the same: prompt, tools, settings and headers. Of streams the
 * parts are kept as they came. What failed, was stopped, or is too large is not kept; without the server the model is
 * asked.
 */
export function headroomResponseCache(options: ResponseCacheOptions): LanguageModelMiddleware {
  const { client, prefix = "ai-sdk:", maxAgeSeconds, tags } = options;
  const find = async <T>(key: string, signal: AbortSignal | undefined): Promise<T | null> => {
    try {
      const found = await client.cache.get(key, { signal });
      return found && (parse(found.text()) as T);
    } catch (error) {
      signal?.throwIfAborted();
      // A wrong key would stay unseen if it only made the answers slow.
      if (isMisuse(error)) throw error;
      return null;
    }
  };
  const keep = async (key: string, answer: unknown): Promise<void> => {
    const text = stringify(answer);
    if (text.length > MOST_KEPT) return;
    await client.cache.set(key, text, { maxAgeSeconds, tags, mediaType: "application/json" }).catch(() => false);
  };
  return {
    specificationVersion: "v3",
    async wrapGenerate({ doGenerate, params, model }) {
      const key = prefix + keyOf("generate", model, params);
      const kept = await find<Awaited<ReturnType<typeof doGenerate>>>(key, params.abortSignal);
      if (kept) return kept;
      const answer = await doGenerate();
      if (isWhole(answer.finishReason)) await keep(key, withoutTransport(answer));
      return answer;
    },
    async wrapStream({ doStream, params, model }) {
      type Part = Awaited<ReturnType<typeof doStream>>["stream"] extends ReadableStream<infer P> ? P : never;
      const key = prefix + keyOf("stream", model, params);
      const kept = await find<Part[]>(key, params.abortSignal);
      if (kept) return { stream: streamOf(kept) };
      const answer = await doStream();
      return { ...answer, stream: answer.stream.pipeThrough(recorder<Part>((parts) => keep(key, parts))) };
    },
  };
}

export interface RetrievalOptions {
  client: Headroom;
  /** Number of passages; 5 by default. */
  k?: number | undefined;
  /** Only passages of documents that match it, whatever the model asks. */
  filter?: Filter | undefined;
  mode?: "vector" | "keyword" | "hybrid" | undefined;
  /** What the model is told about the documents. */
  description?: string | undefined;
}
export interface Passage {
  text: string;
  source: string;
  page: number | null;
  score: number;
}

/** A tool by which a model searches the documents. It chooses the question alone: the filter is the application's. */
export function headroomRetrieval(options: RetrievalOptions): Tool<{ query: string }, Passage[]> {
  const {
    client,
    k = 5,
    filter,
    mode,
    description = "Searches the documents for passages that answer a question.",
  } = options;
  return tool({
    description,
    inputSchema: jsonSchema<{ query: string }>({
      type: "object",
      properties: { query: { type: "string", minLength: 1, maxLength: 8_192, description: "A question, or keywords" } },
      required: ["query"],
      additionalProperties: false,
    }),
    async execute({ query }, { abortSignal }): Promise<Passage[]> {
      const { matches } = await client.documents.query({ query, k, filter, mode }, { signal: abortSignal });
      return matches.map(({ text, source, page, score }) => ({ text, source, page, score }));
    },
  }) as Tool<{ query: string }, Passage[]>;
}

export interface ChatStoreOptions {
  client: Headroom;
  /** Keeps these chats apart from other conversations of the namespace; empty by default. */
  prefix?: string | undefined;
}

const PAGE = 500;
/** The most that one chat is read as. */
const MOST_MESSAGES = 10_000;

/** What a message is beside its parts, with the place of `parts` among its members. */
interface Kept {
  uiMessage: UIMessage;
}

/**
 * UIMessages as the messages of a conversation: `JSON.stringify` of what is loaded is that of what was saved. Every
 * message needs an id of its own, so give `generateMessageId` on the server. Parts take 1 MiB of JSON, metadata 64 KiB.
 */
export class HeadroomChatStore<Chat extends UIMessage = UIMessage> {
  readonly #client: Headroom;
  readonly #prefix: string;

  constructor({ client, prefix = "" }: ChatStoreOptions) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /** All messages, oldest first; none of a chat that is not there. */
  async load(chatId: string): Promise<Chat[]> {
    const list = this.#client.conversations.messages(this.#prefix + chatId, { limit: PAGE });
    try {
      return (await list.all(MOST_MESSAGES)).map((message) => uiMessageOf<Chat>(message));
    } catch (error) {
      if (error instanceof NotFoundError) return [];
      throw error;
    }
  }

  /** Adds messages at the end, up to 100 of them at once: all, or none. The same ones again change nothing. */
  async append(chatId: string, messages: readonly Chat[]): Promise<void> {
    for (const batch of batchesOf(messages.map(messageOf), APPENDED, jsonLength))
      await this.#client.conversations.appendMany(this.#prefix + chatId, batch);
  }

  /**
   * Puts messages in the place of all after `after` (null: of all), in one step: a turn that is generated again, or
   * begins with an edited question. @throws {NotFoundError} where no message has the id `after`.
   */
  async replaceAfter(chatId: string, after: string | null, messages: readonly Chat[]): Promise<void> {
    const [first, ...rest] = batchesOf(messages.map(messageOf), APPENDED, jsonLength);
    await this.#client.conversations.truncate(this.#prefix + chatId, first ? { after, messages: first } : { after });
    for (const batch of rest) await this.#client.conversations.appendMany(this.#prefix + chatId, batch);
  }

  /**
   * Makes the chat these messages, as `onFinish` hands them over: finds the first that is new or changed, and replaces
   * from there. Two round trips for a chat of up to 500 messages.
   */
  async save(chatId: string, messages: readonly Chat[]): Promise<void> {
    const kept = await this.load(chatId);
    const same = kept.findIndex((message, at) => JSON.stringify(message) !== JSON.stringify(messages[at]));
    const stays = same === -1 ? kept.length : same;
    const rest = messages.slice(stays);
    if (stays === kept.length) return await this.append(chatId, rest);
    await this.replaceAfter(chatId, kept[stays - 1]?.id ?? null, rest);
  }

  /** Whether there was such a chat. */
  delete(chatId: string): Promise<boolean> {
    return this.#client.conversations.delete(this.#prefix + chatId);
  }
}

function messageOf(message: UIMessage): NewMessage {
  const { id, role, parts } = message;
  return { id, role, content: parts as NewMessage["content"], metadata: { uiMessage: { ...message, parts: [] } } };
}

/** A message that something else appended is read as text. */
function uiMessageOf<Chat extends UIMessage>({ id, role, content, metadata }: Message): Chat {
  const kept = metadata as Kept | null;
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
  if (kept?.uiMessage) return { ...kept.uiMessage, parts } as Chat;
  return { id, role, parts } as Chat;
}
