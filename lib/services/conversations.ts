import type { ConversationRow, MessageQuery, MessageRow } from "../ports/conversation-rows.ts";
import { AppError } from "../shared/errors.ts";
import { KeyedLock } from "../shared/keyed-lock.ts";
import type { RagParts } from "./rag-parts.ts";

export interface NewMessage {
  role: string;
  content: string;
  metadata: Readonly<Record<string, unknown>> | null;
}

const PAGE = 200;

/** Append-only conversations: durable and in order when an append resolves; the newest messages are also in memory. */
export class Conversations {
  readonly #parts: RagParts;
  /**
   * Appends to one conversation run one after another, so that numbers have no gaps and follow the order of arrival.
   */
  readonly #lock = new KeyedLock();

  constructor(parts: RagParts) {
    this.#parts = parts;
  }

  append(namespace: string, id: string, message: NewMessage): Promise<MessageRow> {
    return this.#lock.run(JSON.stringify([namespace, id]), async () => {
      const { conversations, recent, clock } = this.#parts;
      const before = await conversations.find(namespace, id);
      const sequence = (before?.messageCount ?? 0) + 1;
      const row = await conversations.append(namespace, id, { ...message, sequence, createdAtMs: clock.nowMs() });
      recent.add(row);
      return row;
    });
  }

  /** @throws {AppError} `not-found`. */
  async find(namespace: string, id: string): Promise<ConversationRow> {
    const row = await this.#parts.conversations.find(namespace, id);
    if (row === null) throw new AppError("not-found", "No conversation has this id.");
    return row;
  }

  async messages(namespace: string, id: string, query: MessageQuery): Promise<MessageRow[]> {
    const { rowId } = await this.find(namespace, id);
    return this.#parts.conversations.messages(rowId, query);
  }

  remove(namespace: string, id: string): Promise<boolean> {
    return this.#lock.run(JSON.stringify([namespace, id]), async () => {
      const { conversations, recent, messageIndex } = this.#parts;
      const rowId = await conversations.remove(namespace, id);
      if (rowId === null) return false;
      recent.remove(rowId);
      messageIndex.removeDocuments(namespace, [rowId]);
      return true;
    });
  }

  /** The newest messages, oldest first, up to `maxCharacters` or `maxMessages`; from memory as far as possible. */
  async newest(
    { rowId, messageCount }: ConversationRow,
    maxMessages: number,
    maxCharacters: number,
  ): Promise<MessageRow[]> {
    let found = this.#parts.recent.newest(rowId, maxMessages);
    if (found.at(-1)?.sequence !== messageCount) found = [];
    while (found.length < maxMessages && charactersOf(found) < maxCharacters) {
      const first = found[0]?.sequence ?? Number.MAX_SAFE_INTEGER;
      if (first === 1) break;
      const page = await this.#parts.conversations.newest(rowId, first, Math.min(PAGE, maxMessages - found.length));
      if (page.length === 0) break;
      found = [...page, ...found];
    }
    return found;
  }
}

function charactersOf(messages: readonly MessageRow[]): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}
