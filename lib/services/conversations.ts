import type { ConversationRow, MessageQuery, MessageRow } from "../ports/conversation-rows.ts";
import type { PassageVector } from "../ports/passage-vectors.ts";
import { AppError } from "../shared/errors.ts";
import { KeyedLock } from "../shared/keyed-lock.ts";
import type { RagParts } from "./rag-parts.ts";

export interface NewMessage {
  role: string;
  content: string;
  metadata: Readonly<Record<string, unknown>> | null;
}

export interface FoundMessage {
  conversationId: string;
  message: MessageRow;
  score: number;
}

const PAGE = 200;
/** Messages that one search embeds before it answers; what is left is reported, and embedded by the next. */
const MAX_EMBEDDED_PER_SEARCH = 2_000;
const EMBED_PAGE = 64;

/** Append-only conversations: durable and in order when an append resolves; the newest of all also in memory. */
export class Conversations {
  readonly #parts: RagParts;
  /** Appends to one conversation run one after the other: their numbers have no gaps, and their order is the order of arrival. */
  readonly #lock = new KeyedLock();
  /** Two searches of a namespace do not embed the same messages. */
  readonly #indexing = new KeyedLock();

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
    if (row === null) throw new AppError("not-found", "There is no such conversation.");
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

  /** The newest messages, oldest first, back to `maxCharacters` of them or `maxMessages`: from memory as far as it has them. */
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

  /** Past messages by meaning, of all conversations or of one. `pending` have no vector yet and were not looked at. */
  async search(
    namespace: string,
    { query, k, conversationId }: { query: string; k: number; conversationId: string | null },
  ): Promise<{ matches: FoundMessage[]; pending: number }> {
    const { embeddings, messageIndex } = this.#parts;
    const only = conversationId === null ? null : (await this.find(namespace, conversationId)).rowId;
    const pending = await this.#indexing.run(namespace, () => this.#index(namespace));
    const vector = await embeddings.embedOne(query, "query");
    const allows = only === null ? null : (rowId: number) => rowId === only;
    const ranked = await messageIndex.search(namespace, vector, k, allows);
    return { matches: await this.#describe(ranked), pending };
  }

  /** Embeds messages that have no vector yet, newest first. @returns how many are left, up to a page. */
  async #index(namespace: string): Promise<number> {
    const { conversations, embeddings, embedder, messageIndex } = this.#parts;
    const model = embedder.state().model.id;
    for (let done = 0; done < MAX_EMBEDDED_PER_SEARCH; ) {
      const rows = await conversations.withoutVector(namespace, model, EMBED_PAGE);
      if (rows.length === 0) return 0;
      const { codes } = await embeddings.embed(
        rows.map(({ content }) => content),
        "ingest",
      );
      const vectors = rows.map(
        ({ rowId, conversationRowId }, at): PassageVector => ({
          id: rowId,
          documentId: conversationRowId,
          vector: codes[at] ?? new Uint8Array(),
        }),
      );
      await conversations.setVectors(
        model,
        vectors.map(({ id, vector }) => ({ rowId: id, vector })),
      );
      // A conversation may have been removed while its messages were embedded. What is read now and removed later is told of later.
      const left = new Set((await conversations.byRowId(rows.map(({ rowId }) => rowId))).map(({ rowId }) => rowId));
      messageIndex.add(
        namespace,
        vectors.filter(({ id }) => left.has(id)),
      );
      done += rows.length;
    }
    return (await conversations.withoutVector(namespace, model, EMBED_PAGE)).length;
  }

  async #describe(ranked: readonly { id: number; score: number }[]): Promise<FoundMessage[]> {
    const { conversations } = this.#parts;
    const rows = new Map((await conversations.byRowId(ranked.map(({ id }) => id))).map((row) => [row.rowId, row]));
    const owners = await conversations.conversationIds([
      ...new Set([...rows.values()].map((row) => row.conversationRowId)),
    ]);
    const idOf = new Map(owners.map(({ rowId, id }) => [rowId, id]));
    return ranked.flatMap(({ id, score }) => {
      const message = rows.get(id);
      const conversationId = message && idOf.get(message.conversationRowId);
      return message === undefined || conversationId === undefined ? [] : [{ conversationId, message, score }];
    });
  }
}

function charactersOf(messages: readonly MessageRow[]): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}
