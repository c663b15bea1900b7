import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type {
  ConversationRow,
  MessageBody,
  MessageQuery,
  MessageRow,
  NewMessageRow,
} from "../ports/conversation-rows.ts";
import { AppError } from "../shared/errors.ts";
import { KeyedLock } from "../shared/keyed-lock.ts";
import type { RagParts } from "./rag-parts.ts";

export interface NewMessage extends MessageBody {
  /** The caller's own id; null: one is made. */
  id: string | null;
  /** Where it stands in the request, as a JSON Pointer. */
  pointer: string;
}

export interface Appended {
  /** In the order they were sent, those that were there before among them. */
  messages: MessageRow[];
  /** False: all were there before. */
  created: boolean;
}

const PAGE = 200;
/** 96 random bits: two messages of a conversation never meet. */
const ID_BYTES = 12;

/** Conversations: durable and in order when an append resolves; the newest messages are also in memory. */
export class Conversations {
  readonly #parts: RagParts;
  /**
   * Changes of one conversation run one after another, so that numbers follow the order of arrival.
   */
  readonly #lock = new KeyedLock();

  constructor(parts: RagParts) {
    this.#parts = parts;
  }

  /** Appends all messages or none. @throws {AppError} `conflict` for an id that another message has. */
  append(namespace: string, id: string, messages: readonly NewMessage[]): Promise<Appended> {
    return this.#lock.run(JSON.stringify([namespace, id]), async () => {
      const { conversations, recent, clock } = this.#parts;
      const before = await conversations.find(namespace, id);
      const known = await this.#known(before, messages);
      const { fresh, rowsOf } = matched(messages, known);
      const rows = fresh.length === 0 ? [] : await conversations.append(namespace, id, before, fresh, clock.nowMs());
      for (const row of rows) recent.add(row);
      return { messages: rowsOf(rows), created: rows.length > 0 };
    });
  }

  /** Messages that have one of the ids sent. */
  async #known(conversation: ConversationRow | null, messages: readonly NewMessage[]): Promise<MessageRow[]> {
    const ids = messages.flatMap(({ id }) => (id === null ? [] : [id]));
    if (conversation === null || ids.length === 0) return [];
    return this.#parts.conversations.named(conversation.rowId, ids);
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
    { rowId, lastSequence }: ConversationRow,
    maxMessages: number,
    maxCharacters: number,
  ): Promise<MessageRow[]> {
    let found = this.#parts.recent.newest(rowId, maxMessages);
    if (found.at(-1)?.sequence !== lastSequence) found = [];
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

/**
 * Tells the messages that are to be appended from those that are there. A message is the one that has its id, or the
 * one sent with the same id before.
 *
 * @throws {AppError} `conflict` that names each id whose message is another.
 */
function matched(
  messages: readonly NewMessage[],
  known: readonly MessageRow[],
): { fresh: NewMessageRow[]; rowsOf(appended: readonly MessageRow[]): MessageRow[] } {
  const byId = new Map<string, NewMessageRow>(known.map((row) => [row.id, row]));
  const fresh: NewMessageRow[] = [];
  const taken: string[] = [];
  const all = messages.map(({ id, pointer, role, content, parts, metadata }) => {
    const row = { id: id ?? randomBytes(ID_BYTES).toString("base64url"), role, content, parts, metadata };
    const of = byId.get(row.id);
    if (of !== undefined && !isSame(of, row)) taken.push(pointer);
    if (of !== undefined) return of;
    byId.set(row.id, row);
    fresh.push(row);
    return row;
  });
  if (taken.length > 0) throw idIsTaken(taken);
  return {
    fresh,
    rowsOf(appended) {
      const rows = new Map([...known, ...appended].map((row) => [row.id, row]));
      return all.flatMap(({ id }) => rows.get(id) ?? []);
    },
  };
}

/** Compared as JSON, in which members have no order. */
function isSame(one: MessageBody, other: MessageBody): boolean {
  const bodyOf = ({ role, content, parts, metadata }: MessageBody) => [role, content, parts, metadata];
  const plain = (body: MessageBody): unknown => JSON.parse(JSON.stringify(bodyOf(body)));
  return isDeepStrictEqual(plain(one), plain(other));
}

function idIsTaken(pointers: readonly string[]): AppError {
  const message = "is the id of another message of this conversation";
  const errors = pointers.map((pointer) => ({ path: `${pointer}/id`, message }));
  return new AppError("conflict", "Another message of this conversation has this id. Nothing was appended.", {
    errors,
  });
}
