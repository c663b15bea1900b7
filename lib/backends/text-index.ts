import type { Statement } from "../ports/database.ts";

/** Which texts: those of passages, or of messages. */
export interface TextKind {
  /** Whose rows the texts are of, and the column with the document or conversation that one belongs to. */
  table: "RagChunk" | "ConversationMessage";
  owner: "documentId" | "conversationId";
}

export const PASSAGES: TextKind = { table: "RagChunk", owner: "documentId" };
export const MESSAGES: TextKind = { table: "ConversationMessage", owner: "conversationId" };

/** A text by the row that it is of. */
export interface IndexedText {
  id: number;
  /** Text, or its UTF-8. */
  words: string | Uint8Array;
}

export interface Match {
  id: number;
  documentId: number;
  score: number;
}

/** The full-text index of each namespace: word weights of one say nothing of another's texts. */
export interface TextIndex {
  /** What makes a namespace's. */
  create(namespaceId: number): Statement[];
  /** Adds texts, of rows that the statements before have written. */
  add(namespaceId: number, texts: readonly IndexedText[]): Statement[];
  /** As `add`, of many texts: others have their turns meanwhile. */
  addMany(namespaceId: number, texts: readonly IndexedText[]): Promise<Statement[]>;
  /** Adds those of the texts that `there` still finds: a query for ids, with their list as its parameter. */
  addThose(namespaceId: number, texts: readonly IndexedText[], there: string): Statement[];
  /** As `addMany`, of one document's texts as they are stored. @param texts the same again, for an index that is made elsewhere. */
  addStored(namespaceId: number, ownerId: number, texts: () => readonly IndexedText[]): Promise<Statement[]>;
  /** Removes the texts of the rows that a query finds; their rows may go next. */
  remove(namespaceId: number, ids: Statement): Statement[];
  /** As `DocumentRows.matchKeywords` says. @param owners only texts of these; null: all. */
  match(namespaceId: number, expression: string, limit: number, owners: readonly number[] | null): Promise<Match[]>;
}
