import { z } from "zod";
import { idSchema } from "../../../contracts/common.ts";
import {
  conversationFieldsSchema,
  conversationPageSchema,
  conversationPatchSchema,
  conversationSchema,
  conversationsQuery,
  messageSearchAnswerSchema,
  messageSearchSchema,
  removeConversationsQuery,
  removedSchema,
} from "../../../contracts/conversations.ts";
import { patchedFields, toFields } from "../../../services/conversation-fields.ts";
import { versionTag, versionTags } from "../../../services/versions.ts";
import type { Runtime } from "../../runtime.ts";
import { readCondition, versioned, versionHeaders } from "../answer/entity-tag.ts";
import { decodeNumbersCursor, encodeCursor } from "../answer/page-cursor.ts";
import { defineRoute, type Route, reply } from "../define-route.ts";
import { conversationView, messageView } from "./conversation-views.ts";
import { messageRoutes } from "./messages.ts";

const byId = z.object({ id: idSchema });
const LIST = "/api/v1/conversations";
const ONE = `${LIST}/{id}`;
const common = { role: "consumer", tag: "conversations" } as const;

const resource: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "get",
      path: ONE,
      summary: "Get a conversation: its title, owner and metadata, and how many messages it has",
      params: byId,
      versioned: true,
      responses: {
        200: { description: "The conversation", schema: conversationSchema },
        304: { description: "Not modified: If-None-Match names the current version" },
      },
    },
    async ({ runtime, namespace, params, request }) => {
      const row = await runtime.rag.conversations.find(namespace, params.id);
      return versioned(request, versionTags(row), () => conversationView(row));
    },
  ),
  defineRoute(
    {
      ...common,
      method: "put",
      path: ONE,
      summary:
        "Create a conversation, or replace its title, owner and metadata; accepts If-Match, If-None-Match and If-Version",
      params: byId,
      body: conversationFieldsSchema,
      versioned: true,
      responses: {
        200: { description: "The changed conversation", schema: conversationSchema },
        201: { description: "The new conversation", schema: conversationSchema },
      },
    },
    async ({ runtime, namespace, params, body, request }) => {
      const fields = toFields(body);
      const { conversations } = runtime.rag;
      const { conversation, created } = await conversations.describe(
        namespace,
        params.id,
        () => fields,
        readCondition(request),
      );
      return reply(created ? 201 : 200, conversationView(conversation), versionHeaders(versionTag(conversation)));
    },
  ),
  defineRoute(
    {
      ...common,
      method: "patch",
      path: ONE,
      summary: "Change a conversation's title, owner or metadata; accepts If-Match, If-None-Match and If-Version",
      params: byId,
      body: conversationPatchSchema,
      versioned: true,
      mediaTypes: ["application/json", "application/merge-patch+json"],
      responses: { 200: { description: "The changed conversation", schema: conversationSchema } },
    },
    async ({ runtime, namespace, params, body, request }) => {
      const { conversation } = await runtime.rag.conversations.describe(
        namespace,
        params.id,
        (before) => before && patchedFields(before, body),
        readCondition(request),
      );
      return reply(200, conversationView(conversation), versionHeaders(versionTag(conversation)));
    },
  ),
  defineRoute(
    {
      ...common,
      method: "delete",
      path: ONE,
      summary: "Delete a conversation and its messages; accepts If-Match and If-Version",
      params: byId,
      versioned: "requests",
      responses: { 204: { description: "Deleted" } },
    },
    async ({ runtime, namespace, params, request }) => {
      await runtime.rag.conversations.remove(namespace, params.id, readCondition(request));
      return reply(204);
    },
  ),
];

const many: readonly Route[] = [
  defineRoute(
    {
      ...common,
      method: "get",
      path: LIST,
      summary: "List conversations: all, of one owner, or with a prefix of their ids; most recent first unless sorted",
      query: conversationsQuery,
      responses: { 200: { description: "A page of conversations", schema: conversationPageSchema } },
    },
    async ({ runtime, namespace, query }) => {
      const { rows, next } = await listPage(runtime, namespace, query);
      return { items: rows.map(conversationView), nextCursor: next && encodeCursor(next.join(".")) };
    },
  ),
  defineRoute(
    {
      ...common,
      method: "delete",
      path: LIST,
      summary: "Delete the conversations of one owner, with a prefix of their ids, or all; dryRun only counts",
      query: removeConversationsQuery,
      queryExample: { owner: "ada" },
      responses: { 200: { description: "How many were deleted, or would be", schema: removedSchema } },
    },
    async ({ runtime, namespace, query }) => {
      const filter = { owner: query.owner ?? null, prefix: query.prefix ?? null };
      if (query.dryRun) return runtime.rag.parts.conversations.measure(namespace, filter);
      return { removed: await runtime.rag.conversations.removeMatching(namespace, filter) };
    },
  ),
];

/** The order of lists by the newest message holds while messages come; others are by the values of the day. */
async function listPage(runtime: Runtime, namespace: string, query: z.infer<typeof conversationsQuery>) {
  const { limit, cursor, sort: by = "lastMessageAt", order = "desc" } = query;
  const filter = { owner: query.owner ?? null, prefix: query.prefix ?? null };
  const { conversations } = runtime.rag.parts;
  if (by !== "lastMessageAt" || order === "asc") {
    const [value, rowId] = decodeNumbersCursor(cursor, 2) ?? [];
    const after = value === undefined || rowId === undefined ? null : ([value, rowId] as const);
    return conversations.sorted(namespace, filter, { by, descending: order === "desc" }, after, limit);
  }
  const parts = decodeNumbersCursor(cursor, 3);
  const [asOfMessage = 0, lastMessageAtMs = 0, rowId = 0] = parts ?? [];
  const after = parts && { asOfMessage, lastMessageAtMs, rowId };
  const { rows, next } = await conversations.list(namespace, filter, after, limit);
  return { rows, next: next && [next.asOfMessage, next.lastMessageAtMs, next.rowId] };
}

const search = defineRoute(
  {
    ...common,
    method: "post",
    path: `${LIST}/search`,
    growsMemory: false,
    summary: "Search messages by meaning and by keyword, in all conversations or in one",
    body: messageSearchSchema,
    errors: [404, 502, 504],
    responses: { 200: { description: "Matching messages, best first", schema: messageSearchAnswerSchema } },
  },
  async ({ runtime, namespace, body }) => {
    const startedMs = runtime.clock.monotonicMs();
    const { query, k, conversationId, mode } = body;
    const question = { query, k, mode, conversationId: conversationId ?? null };
    const { matches, isCut, pending } = await runtime.rag.messages.search(namespace, question);
    const tookMs = Math.round((runtime.clock.monotonicMs() - startedMs) * 1_000) / 1_000;
    const views = matches.map((match) => ({ ...messageView(match.conversationId, match.message), score: match.score }));
    return { matches: views, isCut, pending, tookMs };
  },
);

export const conversationRoutes: readonly Route[] = [...messageRoutes, ...resource, ...many, search];
