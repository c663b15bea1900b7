import type { z } from "zod";
import type { Content, conversationSchema, MessageView } from "../../../contracts/conversations.ts";
import type { ConversationRow, MessageBody, MessageRow } from "../../../ports/conversation-rows.ts";
import type { NewMessage } from "../../../services/message-ids.ts";
import { type MessagePart, textOfParts } from "../../../shared/message-parts.ts";

interface SentBody {
  role: string;
  content: Content;
  metadata?: Record<string, unknown> | undefined;
}

/** A message's body as it was sent, with the text that is embedded and searched beside its parts. */
export function messageBody({ role, content, metadata }: SentBody): MessageBody {
  const parts = typeof content === "string" ? null : (content as readonly MessagePart[]);
  return { role, content: parts === null ? String(content) : textOfParts(parts), parts, metadata: metadata ?? null };
}

/** @param pointer where the message stands in the request. */
export const newMessage = (sent: SentBody & { id?: string | undefined }, pointer: string): NewMessage => ({
  id: sent.id ?? null,
  pointer,
  ...messageBody(sent),
});

export function messageView(conversationId: string, row: MessageRow): MessageView {
  return {
    id: row.id,
    conversationId,
    sequence: row.sequence,
    role: row.role as MessageView["role"],
    content: row.parts === null ? row.content : [...row.parts],
    metadata: row.metadata as MessageView["metadata"],
    createdAt: iso(row.createdAtMs),
    updatedAt: iso(row.updatedAtMs),
    version: row.version,
  };
}

export function conversationView(row: ConversationRow): z.infer<typeof conversationSchema> {
  return {
    id: row.id,
    title: row.title,
    owner: row.owner,
    metadata: row.metadata as z.infer<typeof conversationSchema>["metadata"],
    messages: row.messageCount,
    createdAt: iso(row.createdAtMs),
    updatedAt: iso(row.updatedAtMs),
    lastMessageAt: iso(row.lastMessageAtMs),
    version: row.version,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
