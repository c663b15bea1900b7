export interface ConversationRow {
  rowId: number;
  id: string;
  createdAtMs: number;
  lastMessageAtMs: number;
  messageCount: number;
}

/** Where a list of conversations goes on. */
export interface ConversationPosition {
  /** The newest message when the list began: later ones do not move their conversations. */
  asOfMessage: number;
  /** The time of the last shown conversation's newest message, as of then. */
  lastMessageAtMs: number;
  rowId: number;
}

export interface MessageRow {
  rowId: number;
  conversationRowId: number;
  /** Its place in the conversation, from 1, without gaps. */
  sequence: number;
  role: string;
  content: string;
  metadata: Readonly<Record<string, unknown>> | null;
  createdAtMs: number;
}

export interface MessageQuery {
  /** Only this role; null: all. */
  role: string | null;
  afterSequence: number;
  limit: number;
}

/** Conversations on disk; a message is there, and found by its words, before its append resolves. */
export interface ConversationRows {
  find(namespace: string, id: string): Promise<ConversationRow | null>;
  /**
   * A page, latest first, in the order that the first page found: who walks to the end meets every conversation that was there
   * all the time exactly once, whatever is appended meanwhile. `next` is null after the last page.
   */
  list(
    namespace: string,
    after: ConversationPosition | null,
    limit: number,
  ): Promise<{ rows: ConversationRow[]; next: ConversationPosition | null }>;
  /** Makes the conversation with its first message. @throws {AppError} `conflict` when the sequence is taken. */
  append(namespace: string, id: string, message: Omit<MessageRow, "rowId" | "conversationRowId">): Promise<MessageRow>;
  messages(conversationRowId: number, query: MessageQuery): Promise<MessageRow[]>;
  /** The newest `limit` before a place, oldest first. */
  newest(conversationRowId: number, beforeSequence: number, limit: number): Promise<MessageRow[]>;
  byRowId(rowIds: readonly number[]): Promise<MessageRow[]>;
  conversationIds(rowIds: readonly number[]): Promise<{ rowId: number; id: string }[]>;
  remove(namespace: string, id: string): Promise<number | null>;
  counts(namespace: string): Promise<{ conversations: number; messages: number }>;
}
