import type { MessageRow } from "./conversation-rows.ts";
import type { PassageVector, PassageVectorSource } from "./passage-vectors.ts";

/** Where a message stands. */
export interface MessagePlace {
  rowId: number;
  conversationRowId: number;
  sequence: number;
}

/** A message's windows: the parts of it that the model reads whole, by their vectors. */
export interface MessageWindows {
  rowId: number;
  windows: readonly Uint8Array[];
}

export interface WindowVector {
  windowId: number;
  rowId: number;
  conversationRowId: number;
  vector: Uint8Array;
}

/** What messages are found by. Its vector source's scopes are namespaces, its ids windows, its "documents" conversations. */
export interface MessageIndexRows extends PassageVectorSource {
  /** Best first by BM25; `score` is positive. `conversationRowId` null: all. */
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
  /** Of windows that still exist. */
  windows(windowIds: readonly number[]): Promise<WindowVector[]>;
  /** All windows of messages, with vectors of the model in force. */
  windowsOf(messageRowIds: readonly number[]): Promise<WindowVector[]>;
  places(messageRowIds: readonly number[]): Promise<MessagePlace[]>;
  hasWindows(namespace: string): Promise<boolean>;
  /** Messages without vectors of the model in force; counted up to `limit`. */
  countPending(namespace: string, limit: number): Promise<number>;
  /** The newest of them, until their texts reach `maxCharacters`; one at least. */
  pending(namespace: string, limit: number, maxCharacters: number): Promise<MessageRow[]>;
  /** In place of the windows that these messages had. Messages that are gone get none. @returns what the index is to hold. */
  setWindows(namespace: string, messages: readonly MessageWindows[]): Promise<PassageVector[]>;
}
