import { z } from "zod";
import { DEFAULT_PAGE_SIZE, idSchema } from "../../../contracts/common.ts";
import {
  appendedSchema,
  appendSchema,
  editMessageSchema,
  messagePageSchema,
  messageSchema,
  messagesQuery,
  truncatedSchema,
  truncateSchema,
} from "../../../contracts/conversations.ts";
import { versionTag, versionTags } from "../../../services/versions.ts";
import { readCondition, versioned, versionHeaders } from "../answer/entity-tag.ts";
import { decodeNumberCursor, encodeCursor } from "../answer/page-cursor.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { conversationView, messageBody, messageView, newMessage } from "./conversation-views.ts";

const byId = z.object({ id: idSchema });
const one = z.object({ id: idSchema, messageId: idSchema });
const BASE = "/api/v1/conversations/{id}";
const common = { role: "consumer", tag: "conversations" } as const;
const notModified = { description: "Not modified: If-None-Match names the current version" };

const appending: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "post",
      path: `${BASE}/messages`,
      summary:
        "Append a message, or up to 100 at once, all or none; they are on disk and in order once this call returns",
      idempotent: true,
      params: byId,
      body: appendSchema,
      versioned: true,
      errors: [409],
      responses: {
        200: {
          description: "Appended before: messages with these ids and contents exist already",
          schema: appendedSchema,
        },
        201: { description: "Appended", schema: appendedSchema },
      },
    },
    async ({ runtime, namespace, params, body, request }) => {
      const sent =
        "messages" in body
          ? body.messages.map((message, at) => newMessage(message, `/messages/${at}`))
          : [newMessage(body, "")];
      const { conversations } = runtime.rag;
      const { messages, created } = await conversations.append(namespace, params.id, sent, readCondition(request));
      const status = created ? 201 : 200;
      if ("messages" in body) return reply(status, { messages: messages.map((row) => messageView(params.id, row)) });
      const [row] = messages;
      return reply(status, row && messageView(params.id, row), row && versionHeaders(versionTag(row)));
    },
  ),
  defineRoute(
    {
      ...common,
      method: "post",
      path: `${BASE}/truncate`,
      idempotent: true,
      summary:
        "Remove the messages after a given one, and append others in the same step; accepts If-Match and If-Version",
      params: byId,
      body: truncateSchema,
      versioned: true,
      errors: [409],
      responses: { 200: { description: "What is appended, and the conversation", schema: truncatedSchema } },
    },
    async ({ runtime, namespace, params, body, request }) => {
      const sent = (body.messages ?? []).map((message, at) => newMessage(message, `/messages/${at}`));
      const { removed, messages, conversation } = await runtime.rag.conversations.truncate(
        namespace,
        params.id,
        body.after,
        sent,
        readCondition(request),
      );
      const views = messages.map((row) => messageView(params.id, row));
      const answer = { removed, messages: views, conversation: conversationView(conversation) };
      return reply(200, answer, versionHeaders(versionTag(conversation)));
    },
  ),
];

const single: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "get",
      path: `${BASE}/messages/{messageId}`,
      summary: "Get a message",
      params: one,
      versioned: true,
      responses: { 200: { description: "The message", schema: messageSchema }, 304: notModified },
    },
    async ({ runtime, namespace, params, request }) => {
      const row = await runtime.rag.conversations.findMessage(namespace, params.id, params.messageId);
      return versioned(request, versionTags(row), () => messageView(params.id, row));
    },
  ),
  defineRoute(
    {
      ...common,
      method: "put",
      path: `${BASE}/messages/{messageId}`,
      summary:
        "Edit a message; it keeps its place and is embedded again; accepts If-Match, If-None-Match and If-Version",
      params: one,
      body: editMessageSchema,
      versioned: true,
      responses: { 200: { description: "The edited message", schema: messageSchema } },
    },
    async ({ runtime, namespace, params, body, request }) => {
      const { id, messageId } = params;
      const condition = readCondition(request);
      const row = await runtime.rag.conversations.edit(namespace, id, messageId, messageBody(body), condition);
      return reply(200, messageView(id, row), versionHeaders(versionTag(row)));
    },
  ),
  defineRoute(
    {
      ...common,
      method: "delete",
      path: `${BASE}/messages/{messageId}`,
      summary: "Delete a message; the others keep their places; accepts If-Match and If-Version",
      params: one,
      versioned: "requests",
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params, request }) => {
      const { id, messageId } = params;
      await runtime.rag.conversations.removeMessage(namespace, id, messageId, readCondition(request));
      return reply(204);
    },
  ),
];

const listing = defineRoute(
  {
    ...common,
    method: "get",
    path: `${BASE}/messages`,
    summary: "List the messages of a conversation",
    params: byId,
    query: messagesQuery,
    errors: [404],
    responses: { 200: { description: "A page of messages", schema: messagePageSchema } },
  },
  async ({ runtime, namespace, params, query }) => {
    const { last, role = null, before = null, after = null, cursor } = query;
    const isNewestFirst = query.order === "desc";
    const { rows, isCut } = await runtime.rag.conversations.messages(namespace, params.id, {
      role,
      afterId: after,
      beforeId: before,
      cursor: decodeNumberCursor(cursor),
      descending: isNewestFirst || last !== undefined,
      limit: last ?? query.limit ?? DEFAULT_PAGE_SIZE,
    });
    if (last !== undefined && !isNewestFirst) rows.reverse();
    const items = rows.map((row) => messageView(params.id, row));
    const end = items.at(-1);
    return { items, nextCursor: end && isCut && last === undefined ? encodeCursor(end.sequence) : null };
  },
);

export const messageRoutes: readonly Route[] = [...appending, listing, ...single];
