import { List } from "./pages.ts";
import { type CallOptions, conditionHeaders, type Precondition, segment, type Transport } from "./transport.ts";
import type {
  Appended,
  Conversation,
  ConversationFields,
  Message,
  MessageChange,
  MessageSearch,
  MessageSearchAnswer,
  NewMessage,
  Truncate,
  Truncated,
} from "./types.ts";

const BASE = "/api/v1/conversations";

export interface ListMessages extends CallOptions {
  order?: "asc" | "desc" | undefined;
  role?: Message["role"] | undefined;
  /** Only messages before this message. */
  before?: string | undefined;
  /** Only messages after this message. */
  after?: string | undefined;
  limit?: number | undefined;
}

export interface ListConversations extends CallOptions {
  owner?: string | undefined;
  prefix?: string | undefined;
  sort?: "lastMessageAt" | "createdAt" | "updatedAt" | "messages" | undefined;
  order?: "asc" | "desc" | undefined;
  limit?: number | undefined;
}

/** Conversations and their messages. */
export class Conversations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates a conversation, or replaces its title, owner and metadata. */
  put(id: string, conversation: ConversationFields, options: Precondition = {}): Promise<Conversation> {
    const headers = conditionHeaders(options);
    return this.#transport.json("PUT", `${BASE}/${segment(id)}`, { json: conversation, headers }, options);
  }

  /** Changes what is named. @throws {NotFoundError} */
  patch(id: string, change: ConversationFields, options: Precondition = {}): Promise<Conversation> {
    const headers = conditionHeaders(options);
    return this.#transport.json("PATCH", `${BASE}/${segment(id)}`, { json: change, headers }, options);
  }

  get(id: string, options: CallOptions = {}): Promise<Conversation | null> {
    return this.#transport.find(`${BASE}/${segment(id)}`, {}, options);
  }

  /** Removes a conversation with its messages. */
  delete(id: string, options: Precondition = {}): Promise<boolean> {
    return this.#transport.remove(`${BASE}/${segment(id)}`, { headers: conditionHeaders(options) }, options);
  }

  list({ owner, prefix, sort, order, limit, ...options }: ListConversations = {}): List<Conversation> {
    return new List(this.#transport, BASE, { owner, prefix, sort, order, limit }, options);
  }

  deleteMany(
    which: { owner?: string; prefix?: string } | { all: true },
    options: CallOptions = {},
  ): Promise<{ removed: number }> {
    return this.#transport.json("DELETE", BASE, { query: { ...which } }, options);
  }

  /** Appends a message. With an `id` of its own a message that was appended already is not appended again. */
  append(id: string, message: NewMessage, options: CallOptions = {}): Promise<Message> {
    return this.#transport.json("POST", messagesOf(id), { json: message, ...once() }, options);
  }

  /** Appends up to 100 messages in order: all of them, or none. */
  appendMany(id: string, messages: readonly NewMessage[], options: CallOptions = {}): Promise<Appended> {
    return this.#transport.json("POST", messagesOf(id), { json: { messages }, ...once() }, options);
  }

  /** Messages, oldest first unless `order` is `desc`. */
  messages(id: string, { order, role, before, after, limit, ...options }: ListMessages = {}): List<Message> {
    return new List(this.#transport, messagesOf(id), { order, role, before, after, limit }, options);
  }

  /** The newest `count` messages, at most 500, oldest first; none of a conversation that is not there. */
  async last(id: string, count: number, options: CallOptions = {}): Promise<Message[]> {
    let messages: Message[] = [];
    // Large messages come in several answers.
    for (let before: string | undefined; messages.length < count; before = messages[0]?.id) {
      const query = { last: count - messages.length, before };
      const found = await this.#transport.find<{ items: Message[] }>(messagesOf(id), { query }, options);
      if (!found || found.items.length === 0) break;
      messages = [...found.items, ...messages];
      if (found.items.length === query.last) break;
    }
    return messages;
  }

  message(id: string, messageId: string, options: CallOptions = {}): Promise<Message | null> {
    return this.#transport.find(`${messagesOf(id)}/${segment(messageId)}`, {}, options);
  }

  /** Replaces a message. @throws {NotFoundError} */
  edit(id: string, messageId: string, message: MessageChange, options: Precondition = {}): Promise<Message> {
    const headers = conditionHeaders(options);
    return this.#transport.json("PUT", `${messagesOf(id)}/${segment(messageId)}`, { json: message, headers }, options);
  }

  deleteMessage(id: string, messageId: string, options: Precondition = {}): Promise<boolean> {
    const headers = conditionHeaders(options);
    return this.#transport.remove(`${messagesOf(id)}/${segment(messageId)}`, { headers }, options);
  }

  /** Removes the messages after `after`, and appends others in their place if given: all of it, or nothing. */
  truncate(id: string, truncate: Truncate, options: CallOptions = {}): Promise<Truncated> {
    return this.#transport.json("POST", `${BASE}/${segment(id)}/truncate`, { json: truncate, ...once() }, options);
  }

  /** Past messages by meaning and by keywords. */
  search(search: MessageSearch, options: CallOptions = {}): Promise<MessageSearchAnswer> {
    return this.#transport.json("POST", `${BASE}/search`, { json: search, repeatable: true }, options);
  }
}

const messagesOf = (id: string): string => `${BASE}/${segment(id)}/messages`;

/** A key under which the server does this once, so that it may be sent again after a connection broke. */
const once = () => ({ headers: { "idempotency-key": crypto.randomUUID() }, repeatable: true });
