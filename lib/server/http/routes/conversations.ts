import { z } from "zod";
import { DEFAULT_PAGE_SIZE, idSchema, listQuery } from "../../../contracts/common.ts";
import {
  appendedSchema,
  appendSchema,
  conversationPageSchema,
  messagePageSchema,
  messageSearchAnswerSchema,
  messageSearchSchema,
  messagesQuery,
} from "../../../contracts/conversations.ts";
import type { ConversationPosition } from "../../../ports/conversation-rows.ts";
import { AppError } from "../../../shared/errors.ts";
import { decodeNumberCursor, decodeNumbersCursor, encodeCursor } from "../answer/page-cursor.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { conversationView, messageView, newMessage } from "./rag-views.ts";

const byId = z.object({ id: idSchema });
const tag = "conversations";
const role = "consumer";

export const conversationRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/api/v1/conversations/{id}/messages",
      role,
      tag,
      summary:
        "Append a message, or up to 100 at once, all or none; they are on disk and in order once this call returns",
      params: byId,
      body: appendSchema,
      errors: [409],
      responses: {
        200: { description: "Appended before: messages with these ids and contents are there", schema: appendedSchema },
        201: { description: "Appended", schema: appendedSchema },
      },
    },
    async ({ runtime, namespace, params, body }) => {
      const sent =
        "messages" in body
          ? body.messages.map((one, at) => newMessage(one, `/messages/${at}`))
          : [newMessage(body, "")];
      const { messages, created } = await runtime.rag.conversations.append(namespace, params.id, sent);
      const views = messages.map((row) => messageView(params.id, row));
      return reply(created ? 201 : 200, "messages" in body ? { messages: views } : views[0]);
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/conversations/{id}/messages",
      role,
      tag,
      summary: "List the messages of a conversation, oldest first",
      params: byId,
      query: messagesQuery,
      responses: { 200: { description: "A page of messages", schema: messagePageSchema } },
    },
    async ({ runtime, namespace, params, query }) => {
      const limit = query.limit ?? DEFAULT_PAGE_SIZE;
      const rows = await runtime.rag.conversations.messages(namespace, params.id, {
        role: query.role ?? null,
        afterSequence: decodeNumberCursor(query.cursor) ?? 0,
        limit: limit + 1,
      });
      const items = rows.slice(0, limit).map((row) => messageView(params.id, row));
      const last = items.at(-1);
      return { items, nextCursor: last && rows.length > limit ? encodeCursor(last.sequence) : null };
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/api/v1/conversations/{id}",
      role,
      tag,
      summary: "Delete a conversation and its messages",
      params: byId,
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params }) => {
      if (!(await runtime.rag.conversations.remove(namespace, params.id)))
        throw new AppError("not-found", "No conversation has this id.");
      return reply(204);
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/api/v1/conversations",
      role,
      tag,
      summary: "List conversations, most recent first",
      query: listQuery,
      responses: { 200: { description: "A page of conversations", schema: conversationPageSchema } },
    },
    async ({ runtime, namespace, query }) => {
      const limit = query.limit ?? DEFAULT_PAGE_SIZE;
      const after = readPosition(query.cursor);
      const { rows, next } = await runtime.rag.parts.conversations.list(namespace, after, limit);
      const nextCursor = next && encodeCursor(`${next.asOfMessage}.${next.lastMessageAtMs}.${next.rowId}`);
      return { items: rows.map(conversationView), nextCursor };
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/api/v1/conversations/search",
      growsMemory: false,
      role,
      tag,
      summary: "Search messages by meaning and by keyword, in all conversations or in one",
      body: messageSearchSchema,
      errors: [404, 502, 504],
      responses: { 200: { description: "Matching messages, best first", schema: messageSearchAnswerSchema } },
    },
    async ({ runtime, namespace, body }) => {
      const startedMs = runtime.clock.monotonicMs();
      const { query, k, conversationId, mode } = body;
      const search = { query, k, mode, conversationId: conversationId ?? null };
      const { matches, pending } = await runtime.rag.messages.search(namespace, search);
      const tookMs = Math.round((runtime.clock.monotonicMs() - startedMs) * 1_000) / 1_000;
      const views = matches.map((match) => ({
        ...messageView(match.conversationId, match.message),
        score: match.score,
      }));
      return { matches: views, pending, tookMs };
    },
  ),
];

/** @throws {AppError} `validation-failed` for a cursor of another list. */
function readPosition(cursor: string | undefined): ConversationPosition | null {
  const parts = decodeNumbersCursor(cursor, 3);
  if (parts === null) return null;
  const [asOfMessage = 0, lastMessageAtMs = 0, rowId = 0] = parts;
  return { asOfMessage, lastMessageAtMs, rowId };
}
