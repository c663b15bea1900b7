import type { MessagePart } from "../shared/message-parts.ts";

export interface ConversationRow {
  rowId: number;
  id: string;
  createdAtMs: number;
  /** The newest message's time; its own while it has none. */
  lastMessageAtMs: number;
  messageCount: number;
  /** Counts changes, of the messages too; from 1. */
  version: number;
  /** The last place given out. */
  lastSequence: number;
  updatedAtMs: number;
}

/** Position from which a list of conversations continues. */
export interface ConversationPosition {
  /** The newest message when the list began; later messages do not move their conversations. */
  asOfMessage: number;
  /** Time of the newest message of the last listed conversation, as of the start of the list. */
  lastMessageAtMs: number;
  rowId: number;
}

export interface MessageBody {
  role: string;
  /** The text that is embedded and searched: all of the content, or the text of its parts. */
  content: string;
  /** Content in parts, as it was sent; null: it is text. */
  parts: readonly MessagePart[] | null;
  metadata: Readonly<Record<string, unknown>> | null;
}

export interface NewMessageRow extends MessageBody {
  /** Unique in its conversation. */
  id: string;
}

export interface MessageRow extends NewMessageRow {
  rowId: number;
  conversationRowId: number;
  /** Its place in the conversation, from 1. A place is never given out twice. */
  sequence: number;
  createdAtMs: number;
  /** The time of its last edit, or of its creation. */
  updatedAtMs: number;
  /** The conversation's version that last changed it. */
  version: number;
}

export interface MessageQuery {
  /** Return only messages of this role; null for all roles. */
  role: string | null;
  afterSequence: number;
  limit: number;
}

/** Conversations on disk. A message is stored and searchable by keyword before its append resolves. */
export interface ConversationRows {
  find(namespace: string, id: string): Promise<ConversationRow | null>;
  /**
   * A page, most recent first, in the order fixed by the first page. A complete walk returns every conversation that
   * existed throughout exactly once, whatever is appended meanwhile. `next` is null after the last page.
   */
  list(
    namespace: string,
    after: ConversationPosition | null,
    limit: number,
  ): Promise<{ rows: ConversationRow[]; next: ConversationPosition | null }>;
  /**
   * Appends messages in one transaction, all or none. @param known null creates the conversation with them.
   *
   * @throws {AppError} `conflict` when a place or an id is taken.
   */
  append(
    namespace: string,
    id: string,
    known: ConversationRow | null,
    messages: readonly NewMessageRow[],
    atMs: number,
  ): Promise<MessageRow[]>;
  messages(conversationRowId: number, query: MessageQuery): Promise<MessageRow[]>;
  /** Those of these ids that exist. */
  named(conversationRowId: number, ids: readonly string[]): Promise<MessageRow[]>;
  /** The newest `limit` messages before a position, oldest first. */
  newest(conversationRowId: number, beforeSequence: number, limit: number): Promise<MessageRow[]>;
  byRowId(rowIds: readonly number[]): Promise<MessageRow[]>;
  conversationIds(rowIds: readonly number[]): Promise<{ rowId: number; id: string }[]>;
  remove(namespace: string, id: string): Promise<number | null>;
  counts(namespace: string): Promise<{ conversations: number; messages: number }>;
}
