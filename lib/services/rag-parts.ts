import type { ContextBuilder } from "../ports/context-builder.ts";
import type { ConversationRows } from "../ports/conversation-rows.ts";
import type { DocumentRows } from "../ports/document-rows.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { MessageIndexRows } from "../ports/message-index-rows.ts";
import type { Quotas } from "../ports/namespace-quotas.ts";
import type { Clock } from "../shared/clock.ts";
import type { KeyedLock } from "../shared/keyed-lock.ts";
import type { EmbeddingCache } from "../stores/rag/embedding-cache.ts";
import type { PassageIndex } from "../stores/rag/passage-index.ts";
import type { QueryCache } from "../stores/rag/query-cache.ts";
import type { ReadableEnd } from "../stores/rag/reading-limit.ts";
import type { RecentMessages } from "../stores/rag/recent-messages.ts";
import type { SemanticCache } from "../stores/rag/semantic-cache.ts";

/** The model's limit per text. */
export interface Reading {
  /** In its tokens, or in estimated tokens. */
  maxTokens: number;
  /** Loads what counts them, once: the vocabulary is 30,000 tokens. */
  load(): Promise<ReadableEnd>;
}

/** The dependencies of the RAG verbs; composed once, in lib/server/compose/compose-rag.ts. */
export interface RagParts {
  clock: Clock;
  embedder: Embedder;
  embeddings: EmbeddingCache;
  documents: DocumentRows;
  quotas?: Quotas;
  passages: PassageIndex;
  queryCache: QueryCache;
  semanticCache: SemanticCache;
  /** Off by default: a setting. */
  usesSemanticCache: () => boolean;
  /** Messages considered for a prompt; older ones are only counted. */
  maxContextMessages: () => number;
  conversations: ConversationRows;
  messageRows: MessageIndexRows;
  reading: Reading;
  /** Called when messages could not be embedded; they are found by keyword only until a later search embeds them. */
  onMessagesWait(namespace: string, error: unknown): void;
  /** Nearest windows of messages: scopes are namespaces, "documents" are conversations. */
  messageIndex: PassageIndex;
  /**
   * A turn for each namespace. Whoever changes its messages' vectors changes the index within the same turn, so that no
   * vector that is gone from disk stays in memory.
   */
  windowTurns: KeyedLock;
  recent: RecentMessages;
  contextBuilder: ContextBuilder;
}
