import type { MessagePart } from "../shared/message-parts.ts";

/** What a conversation says of itself. */
export interface ConversationFields {
  title: string | null;
  owner: string | null;
  metadata: Readonly<Record<string, unknown>> | null;
}

export interface ConversationRow extends ConversationFields {
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

/** Messages between two places, both exclusive. */
export interface MessageQuery {
  /** Return only messages of this role; null for all roles. */
  role: string | null;
  after: number;
  before: number;
  /** Newest first. */
  descending: boolean;
  limit: number;
}

export interface MessagePage {
  rows: MessageRow[];
  /** Whether more may follow: a page ends at its limit, or at some megabytes. */
  isCut: boolean;
}

/** One change of a conversation: all of it is on disk, or none. */
export interface ConversationChange {
  atMs: number;
  /** Replaces what it says of itself; null: that stays. */
  fields: ConversationFields | null;
  /** Messages behind this place are removed; null: none. */
  keepUpTo: number | null;
  removed: MessageRow | null;
  /** A message with its new body. */
  edited: MessageRow | null;
  added: readonly NewMessageRow[];
}

export interface Changed {
  added: MessageRow[];
  /** Windows of vectors that went, with the messages or texts they were of. */
  removedWindows: number[];
}

/** Which conversations: of one owner, with ids that begin so letter by letter, or all. */
export interface ConversationFilter {
  owner: string | null;
  prefix: string | null;
}

export type ConversationOrder = "lastMessageAt" | "createdAt" | "updatedAt" | "messages";

/**
 * Conversations on disk. A message is stored and searchable by keyword before its append resolves. Rows of conversations
 * and of messages are numbers that grow, and none is given out twice. What names rows or ids says nothing of those that
 * are gone, and answers in any order unless one is told.
 */
export interface ConversationRows {
  find(namespace: string, id: string): Promise<ConversationRow | null>;
  /**
   * A page, most recent first, in the order fixed by the first page. A complete walk returns every conversation that
   * existed throughout exactly once, whatever is appended meanwhile. One whose newest messages are
   * removed meanwhile may come twice. `next` is null after the last page.
   */
  list(
    namespace: string,
    filter: ConversationFilter,
    after: ConversationPosition | null,
    limit: number,
  ): Promise<{ rows: ConversationRow[]; next: ConversationPosition | null }>;
  /** A page in another order, and by row in the same direction. @param after the last listed one's value and row. */
  sorted(
    namespace: string,
    filter: ConversationFilter,
    order: { by: ConversationOrder; descending: boolean },
    after: readonly [value: number, rowId: number] | null,
    limit: number,
  ): Promise<{ rows: ConversationRow[]; next: readonly [value: number, rowId: number] | null }>;
  /** Ids by row, of rows after `afterRowId`: those made during a walk come at its end. */
  matching(
    namespace: string,
    filter: ConversationFilter,
    afterRowId: number,
    limit: number,
  ): Promise<{ rowId: number; id: string }[]>;
  /** How many match, and the bytes of their messages: contents, parts and metadata. */
  measure(namespace: string, filter: ConversationFilter): Promise<{ count: number; bytes: number }>;
  /**
   * @param known the conversation as it is: callers change one in turn. Null creates it.
   * @throws {AppError} `conflict` when a place or an id is taken, or the conversation is gone: nothing is changed then. Of
   *   many that append to the same state of one, or create one, one wins.
   */
  change(namespace: string, id: string, known: ConversationRow | null, change: ConversationChange): Promise<Changed>;
  messages(conversationRowId: number, query: MessageQuery): Promise<MessagePage>;
  /** Those of these ids that exist. */
  named(conversationRowId: number, ids: readonly string[]): Promise<MessageRow[]>;
  byRowId(rowIds: readonly number[]): Promise<MessageRow[]>;
  conversationIds(rowIds: readonly number[]): Promise<{ rowId: number; id: string }[]>;
  /** Removes conversations with their messages and windows in one transaction. @returns the rows of those that were there. */
  remove(namespace: string, ids: readonly string[]): Promise<number[]>;
  counts(namespace: string): Promise<{ conversations: number; messages: number }>;
}
