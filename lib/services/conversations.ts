import type {
  Changed,
  ConversationChange,
  ConversationFields,
  ConversationFilter,
  ConversationRow,
  MessageBody,
  MessagePage,
  MessageQuery,
  MessageRow,
} from "../ports/conversation-rows.ts";
import type { Condition } from "../shared/condition.ts";
import { AppError } from "../shared/errors.ts";
import { KeyedLock } from "../shared/keyed-lock.ts";
import { matched, type NewMessage } from "./message-ids.ts";
import type { RagParts } from "./rag-parts.ts";
import { requireVersion } from "./versions.ts";

export interface Appended {
  /** In the order they were sent, those that were there before among them. */
  messages: MessageRow[];
  /** False: all were there before. */
  created: boolean;
}

export interface Truncated extends Appended {
  removed: number;
  conversation: ConversationRow;
}

/** Messages of a conversation, between two of them by their ids. */
export interface MessageRange extends Omit<MessageQuery, "after" | "before"> {
  afterId: string | null;
  beforeId: string | null;
  /** The place of the last message of the page before. */
  cursor: number | null;
}

const PAGE = 200;
/** Parts that a prompt is built from, as JSON: images count no tokens, and would be held without a bound. */
const MAX_PART_CHARACTERS = 16 * 1_048_576;
/** Conversations that a removal of many takes in at once. */
const REMOVED_AT_ONCE = 50;
const NO_CHANGE = { fields: null, keepUpTo: null, removed: null, edited: null, added: [] } as const;

/** Conversations: durable and in order when a change resolves; the newest messages are also in memory. */
export class Conversations {
  readonly #parts: RagParts;
  /** Changes of one conversation run one after another, so that numbers follow the order of arrival. */
  readonly #lock = new KeyedLock();

  constructor(parts: RagParts) {
    this.#parts = parts;
  }

  /**
   * Appends all messages or none, and creates the conversation with the first.
   * @throws {AppError} `conflict` for an id that another message has, `version-mismatch`.
   */
  append(
    namespace: string,
    id: string,
    messages: readonly NewMessage[],
    condition: Condition | null = null,
  ): Promise<Appended> {
    return this.#turn(namespace, id, async () => {
      const before = await this.#parts.conversations.find(namespace, id);
      requireVersion(condition, before);
      const { fresh, rowsOf } = matched(messages, await this.#known(before, messages));
      const added = fresh.length === 0 ? [] : (await this.#change(namespace, id, before, { added: fresh })).added;
      return { messages: rowsOf(added), created: added.length > 0 };
    });
  }

  /**
   * Removes what stands behind a message and appends others, in one step. @param afterId null removes all.
   * @throws {AppError} as `append`; `not-found`.
   */
  truncate(
    namespace: string,
    id: string,
    afterId: string | null,
    messages: readonly NewMessage[],
    condition: Condition | null,
  ): Promise<Truncated> {
    return this.#turn(namespace, id, async () => {
      const before = await this.find(namespace, id);
      requireVersion(condition, before);
      const keepUpTo = afterId === null ? 0 : (await this.#message(before, afterId)).sequence;
      const staying = (await this.#known(before, messages)).filter(({ sequence }) => sequence <= keepUpTo);
      const { fresh, rowsOf } = matched(messages, staying);
      const { added } = await this.#change(namespace, id, before, { keepUpTo, added: fresh });
      const conversation = await this.find(namespace, id);
      const removed = before.messageCount + added.length - conversation.messageCount;
      return { messages: rowsOf(added), created: added.length > 0, removed, conversation };
    });
  }

  /** @throws {AppError} `not-found`, `version-mismatch`. */
  edit(
    namespace: string,
    id: string,
    messageId: string,
    body: MessageBody,
    condition: Condition | null,
  ): Promise<MessageRow> {
    return this.#turn(namespace, id, async () => {
      const before = await this.find(namespace, id);
      const message = await this.#message(before, messageId);
      requireVersion(condition, message);
      const { role, content, parts, metadata } = body;
      const updatedAtMs = Math.max(message.updatedAtMs, this.#parts.clock.nowMs());
      const edited = { ...message, role, content, parts, metadata, version: before.version + 1, updatedAtMs };
      await this.#change(namespace, id, before, { edited });
      return edited;
    });
  }

  /** @throws {AppError} `not-found`, `version-mismatch`. */
  removeMessage(namespace: string, id: string, messageId: string, condition: Condition | null): Promise<void> {
    return this.#turn(namespace, id, async () => {
      const before = await this.find(namespace, id);
      const removed = await this.#message(before, messageId);
      requireVersion(condition, removed);
      await this.#change(namespace, id, before, { removed });
    });
  }

  /**
   * Creates a conversation, or replaces what it says of itself.
   * @param change what it says, made of what it said; null creates none. @throws {AppError} `not-found`, `version-mismatch`.
   */
  describe(
    namespace: string,
    id: string,
    change: (before: ConversationFields | null) => ConversationFields | null,
    condition: Condition | null,
  ): Promise<{ conversation: ConversationRow; created: boolean }> {
    return this.#turn(namespace, id, async () => {
      const before = await this.#parts.conversations.find(namespace, id);
      const fields = change(before);
      if (fields === null) throw noConversation();
      requireVersion(condition, before);
      await this.#change(namespace, id, before, { fields });
      return { conversation: await this.find(namespace, id), created: before === null };
    });
  }

  /** @throws {AppError} `not-found`. */
  async find(namespace: string, id: string): Promise<ConversationRow> {
    const row = await this.#parts.conversations.find(namespace, id);
    if (row === null) throw noConversation();
    return row;
  }

  /** @throws {AppError} `not-found`. */
  async findMessage(namespace: string, id: string, messageId: string): Promise<MessageRow> {
    return this.#message(await this.find(namespace, id), messageId);
  }

  /** @throws {AppError} `not-found` for the conversation, or a message that bounds the range. */
  async messages(namespace: string, id: string, range: MessageRange): Promise<MessagePage> {
    const { afterId, beforeId, cursor, role, descending, limit } = range;
    const conversation = await this.find(namespace, id);
    const placeOf = async (messageId: string) => (await this.#message(conversation, messageId)).sequence;
    let after = afterId === null ? 0 : await placeOf(afterId);
    let before = beforeId === null ? Number.MAX_SAFE_INTEGER : await placeOf(beforeId);
    if (cursor !== null && descending) before = Math.min(before, cursor);
    if (cursor !== null && !descending) after = Math.max(after, cursor);
    return this.#parts.conversations.messages(conversation.rowId, { role, descending, limit, after, before });
  }

  /** @throws {AppError} `not-found`, `version-mismatch`. */
  remove(namespace: string, id: string, condition: Condition | null): Promise<void> {
    return this.#turn(namespace, id, async () => {
      requireVersion(condition, await this.find(namespace, id));
      await this.#removeAll(namespace, [id]);
    });
  }

  /** Removes those that match, some at a time: one that is made meanwhile may stay. @returns how many went. */
  async removeMatching(namespace: string, filter: ConversationFilter): Promise<number> {
    let removed = 0;
    for (let afterRowId = 0; ; ) {
      const page = await this.#parts.conversations.matching(namespace, filter, afterRowId, REMOVED_AT_ONCE);
      const last = page.at(-1);
      if (last === undefined) return removed;
      // The turns of all of them, in the order of their rows: two removals of many cannot wait for each other.
      const remove = async () => {
        // What was given to another owner, or made again, since it was found is not meant.
        const now = await Promise.all(page.map(({ id }) => this.#parts.conversations.find(namespace, id)));
        const still = page.filter(({ rowId }, at) => {
          const row = now[at];
          return row?.rowId === rowId && (filter.owner === null || row.owner === filter.owner);
        });
        const ids = still.map(({ id }) => id);
        return ids.length === 0 ? 0 : await this.#removeAll(namespace, ids);
      };
      const inTurn = page.reduceRight(
        (work, { id }) =>
          () =>
            this.#turn(namespace, id, work),
        remove,
      );
      removed += await inTurn();
      afterRowId = last.rowId;
    }
  }

  #removeAll(namespace: string, ids: readonly string[]): Promise<number> {
    const { conversations, recent, messageIndex, windowTurns } = this.#parts;
    return windowTurns.run(namespace, async () => {
      const rowIds = await conversations.remove(namespace, ids);
      for (const rowId of rowIds) recent.remove(rowId);
      if (rowIds.length > 0) messageIndex.removeDocuments(namespace, rowIds);
      return rowIds.length;
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
    let inParts = partCharacters(found);
    while (found.length < maxMessages && charactersOf(found) < maxCharacters && inParts < MAX_PART_CHARACTERS) {
      const before = found[0]?.sequence ?? Number.MAX_SAFE_INTEGER;
      if (before === 1) break;
      const limit = Math.min(PAGE, maxMessages - found.length);
      const query = { role: null, after: 0, before, descending: true, limit };
      const { rows } = await this.#parts.conversations.messages(rowId, query);
      if (rows.length === 0) break;
      inParts += partCharacters(rows);
      found = [...rows.reverse(), ...found];
    }
    return found;
  }

  #turn<Value>(namespace: string, id: string, work: () => Promise<Value>): Promise<Value> {
    return this.#lock.run(JSON.stringify([namespace, id]), work);
  }

  /** A change on disk, then in what memory holds of the conversation. */
  async #change(
    namespace: string,
    id: string,
    before: ConversationRow | null,
    change: Partial<ConversationChange>,
  ): Promise<Changed> {
    const { conversations, recent, messageIndex, windowTurns, clock } = this.#parts;
    const whole: ConversationChange = { ...NO_CHANGE, ...change, atMs: clock.nowMs() };
    const write = () => conversations.change(namespace, id, before, whole);
    if (before === null || (whole.keepUpTo === null && whole.removed === null && whole.edited === null)) {
      const changed = await write();
      for (const row of changed.added) recent.add(row);
      return changed;
    }
    return windowTurns.run(namespace, async () => {
      const changed = await write();
      // What memory has of a conversation is its end: the rest is read again.
      recent.remove(before.rowId);
      for (const row of changed.added) recent.add(row);
      messageIndex.removePassages(namespace, changed.removedWindows);
      return changed;
    });
  }

  /** Messages that have one of the ids sent. */
  async #known(conversation: ConversationRow | null, messages: readonly NewMessage[]): Promise<MessageRow[]> {
    const ids = messages.flatMap(({ id }) => (id === null ? [] : [id]));
    if (conversation === null || ids.length === 0) return [];
    return this.#parts.conversations.named(conversation.rowId, ids);
  }

  async #message({ rowId }: ConversationRow, id: string): Promise<MessageRow> {
    const [row] = await this.#parts.conversations.named(rowId, [id]);
    if (row === undefined) throw new AppError("not-found", "No message of this conversation has this id.");
    return row;
  }
}

export function charactersOf(messages: readonly MessageRow[]): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}

function partCharacters(messages: readonly MessageRow[]): number {
  return messages.reduce((sum, { parts }) => sum + (parts === null ? 0 : JSON.stringify(parts).length), 0);
}

const noConversation = (): AppError => new AppError("not-found", "No conversation has this id.");
