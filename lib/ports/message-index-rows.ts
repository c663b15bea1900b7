import type { MessageRow } from "./conversation-rows.ts";
import type { PassageVector, PassageVectorSource } from "./passage-vectors.ts";

/** The position of a message. */
export interface MessagePlace {
  rowId: number;
  conversationRowId: number;
  sequence: number;
}

/** A message's windows: parts that the model reads completely, with their vectors. */
export interface MessageWindows {
  rowId: number;
  /** The message's version whose text they are of: a message that was edited meanwhile keeps waiting for its own. */
  version: number;
  windows: readonly Uint8Array[];
}

export interface WindowVector {
  windowId: number;
  rowId: number;
  conversationRowId: number;
  vector: Uint8Array;
}

/**
 * What messages are found by. Its vector source's scopes are namespaces, its ids windows, its "documents" conversations.
 * Windows of another model than the current are as good as none: they are not counted, paged or told.
 */
export interface MessageIndexRows extends PassageVectorSource {
  /**
   * Messages with at least one of the terms, as `DocumentRows.matchKeywords` finds chunks: best first, and by row where
   * scores are the same. `id` is the message's row, `documentId` its conversation's. @param conversationRowId null: all.
   */
  matchWords(
    namespace: string,
    expression: string,
    limit: number,
    conversationRowId: number | null,
  ): Promise<{ id: number; documentId: number; score: number }[]>;
  /** Indexes the words of a page of messages that an earlier version stored. @returns whether any may be left. */
  indexEarlier(namespace: string): Promise<boolean>;
  /** Codes of the languages that its messages' words are indexed in. */
  languages(namespace: string): readonly string[];
  /** Windows that still exist, of any model. */
  windows(windowIds: readonly number[]): Promise<WindowVector[]>;
  /** All windows of messages, with vectors of the current model. */
  windowsOf(messageRowIds: readonly number[]): Promise<WindowVector[]>;
  places(messageRowIds: readonly number[]): Promise<MessagePlace[]>;
  hasWindows(namespace: string): Promise<boolean>;
  /** Messages without vectors of the current model, counted up to `limit`. */
  countPending(namespace: string, limit: number): Promise<number>;
  /** The newest messages without vectors, newest first, until their texts reach `maxCharacters`; at least one. */
  pending(namespace: string, limit: number, maxCharacters: number): Promise<MessageRow[]>;
  /**
   * Replaces the windows of these messages in one transaction; deleted and edited ones get none. A message of none is
   * embedded too. @returns the windows for the index.
   */
  setWindows(namespace: string, messages: readonly MessageWindows[]): Promise<PassageVector[]>;
}
