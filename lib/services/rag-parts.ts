import type { ContextBuilder } from "../ports/context-builder.ts";
import type { ConversationRows } from "../ports/conversation-rows.ts";
import type { DocumentRows } from "../ports/document-rows.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { MessageIndexRows } from "../ports/message-index-rows.ts";
import type { Clock } from "../shared/clock.ts";
import type { EmbeddingCache } from "../stores/rag/embedding-cache.ts";
import type { PassageIndex } from "../stores/rag/passage-index.ts";
import type { QueryCache } from "../stores/rag/query-cache.ts";
import type { ReadableEnd } from "../stores/rag/reading-limit.ts";
import type { RecentMessages } from "../stores/rag/recent-messages.ts";
import type { SemanticCache } from "../stores/rag/semantic-cache.ts";

/** What the model reads of one text. */
export interface Reading {
  /** In its tokens, or in what they are estimated as. */
  maxTokens: number;
  /** Loads what counts them, once: the vocabulary is 30,000 tokens. */
  load(): Promise<ReadableEnd>;
}

/** What the verbs of the RAG store work with; composed once, in lib/server/compose/compose-rag.ts. */
export interface RagParts {
  clock: Clock;
  embedder: Embedder;
  embeddings: EmbeddingCache;
  documents: DocumentRows;
  passages: PassageIndex;
  queryCache: QueryCache;
  semanticCache: SemanticCache;
  /** Off by default: a setting. */
  usesSemanticCache: () => boolean;
  /** Messages that a prompt can be made of; older ones are only counted. */
  maxContextMessages: () => number;
  conversations: ConversationRows;
  messageRows: MessageIndexRows;
  reading: Reading;
  /** Messages could not be embedded, and are found by their words alone until a later search has them embedded. */
  onMessagesWait(namespace: string, error: unknown): void;
  /** Nearest windows of messages: scopes are namespaces, "documents" are conversations. */
  messageIndex: PassageIndex;
  recent: RecentMessages;
  contextBuilder: ContextBuilder;
}
