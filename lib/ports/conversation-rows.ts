export interface ConversationRow {
  rowId: number;
  id: string;
  createdAtMs: number;
  lastMessageAtMs: number;
  messageCount: number;
}

/** Position from which a list of conversations continues. */
export interface ConversationPosition {
  /** The newest message when the list began; later messages do not move their conversations. */
  asOfMessage: number;
  /** Time of the newest message of the last listed conversation, as of the start of the list. */
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
  /** Creates the conversation with its first message. @throws {AppError} `conflict` when the sequence is taken. */
  append(namespace: string, id: string, message: Omit<MessageRow, "rowId" | "conversationRowId">): Promise<MessageRow>;
  messages(conversationRowId: number, query: MessageQuery): Promise<MessageRow[]>;
  /** The newest `limit` messages before a position, oldest first. */
  newest(conversationRowId: number, beforeSequence: number, limit: number): Promise<MessageRow[]>;
  byRowId(rowIds: readonly number[]): Promise<MessageRow[]>;
  conversationIds(rowIds: readonly number[]): Promise<{ rowId: number; id: string }[]>;
  remove(namespace: string, id: string): Promise<number | null>;
  counts(namespace: string): Promise<{ conversations: number; messages: number }>;
}
