import type { BuiltContext, ContextRequest, HistoryMessage, MessageRole, Tokenizer } from "../ports/context-builder.ts";
import type { MessageRow } from "../ports/conversation-rows.ts";
import type { Filter } from "../shared/filter.ts";
import { type Conversations, charactersOf } from "./conversations.ts";
import type { DocumentQuery } from "./query-documents.ts";
import type { RagParts } from "./rag-parts.ts";

export interface ContextQuestion {
  query: string;
  conversationId: string | null;
  maxTokens: number;
  model: string | null;
  k: number;
  filter: { given: unknown; parsed: Filter } | null;
  /** Instructions that stand first. */
  system: string | null;
}

const MAX_SYSTEM_MESSAGES = 100;
/**
 * No text has fewer tokens than a sixteenth of its characters, runs of white space aside: more than this cannot fit.
 */
const CHARACTERS_PER_TOKEN = 16;

/** A prompt for a question, from the conversation and the documents, that fits a budget. */
export class ContextAssembly {
  readonly #parts: RagParts;
  readonly #queries: DocumentQuery;
  readonly #conversations: Conversations;

  constructor(parts: RagParts, queries: DocumentQuery, conversations: Conversations) {
    this.#parts = parts;
    this.#queries = queries;
    this.#conversations = conversations;
  }

  /** @throws {AppError} `unprocessable` for a budget too small. */
  async assemble(namespace: string, question: ContextQuestion): Promise<BuiltContext & { tokenizer: Tokenizer }> {
    const { query, k, filter, maxTokens, model } = question;
    const history = await this.#history(namespace, question);
    const { matches } = await this.#queries.query(namespace, {
      query,
      k,
      filter,
      mode: "hybrid",
      minScore: null,
      neighbors: 0,
    });
    const instructions = question.system === null ? [] : [systemMessage(question.system)];
    const messages = [...instructions, ...history.messages];
    const passages = matches.map(({ neighbors: _, ...passage }) => passage);
    return this.#parts.contextBuilder.build({ question: query, ...history, messages, passages, maxTokens }, model);
  }

  async #history(
    namespace: string,
    { conversationId, maxTokens }: ContextQuestion,
  ): Promise<Pick<ContextRequest, "messages" | "omittedMessages" | "omittedReason">> {
    const { conversations, maxContextMessages } = this.#parts;
    const conversation = conversationId === null ? null : await conversations.find(namespace, conversationId);
    // A conversation starts with its first message; before that its history is empty.
    if (conversation === null) return { messages: [], omittedMessages: 0, omittedReason: "budget" };
    const limit = maxContextMessages();
    const maxCharacters = maxTokens * CHARACTERS_PER_TOKEN;
    const newest = await this.#conversations.newest(conversation, limit, maxCharacters);
    const isOverBudget = newest.length < limit && charactersOf(newest) >= maxCharacters;
    const first = newest[0]?.sequence ?? 1;
    const pinned = first === 1 ? [] : await this.#earlierSystemMessages(conversation.rowId, first);
    const messages = [...pinned, ...newest].map(toHistory);
    return {
      messages,
      omittedMessages: Math.max(0, conversation.messageCount - messages.length),
      omittedReason: isOverBudget && pinned.length < MAX_SYSTEM_MESSAGES ? "budget" : "limit",
    };
  }

  async #earlierSystemMessages(rowId: number, before: number): Promise<MessageRow[]> {
    const query = { role: "system", after: 0, before, descending: false, limit: MAX_SYSTEM_MESSAGES };
    return (await this.#parts.conversations.messages(rowId, query)).rows;
  }
}

function toHistory({ id, sequence, role, content, parts, metadata }: MessageRow): HistoryMessage {
  // Roles are checked when a message is appended.
  return { id, sequence, role: role as MessageRole, content, parts, metadata };
}

/** It is in no conversation: no place is before its. */
const systemMessage = (content: string): HistoryMessage => ({
  id: "",
  sequence: 0,
  role: "system",
  content,
  parts: null,
  metadata: null,
});
