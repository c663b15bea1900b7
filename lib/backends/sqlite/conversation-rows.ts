import type { ConversationRow, ConversationRows } from "../../ports/conversation-rows.ts";
import type { Database, SqlValue } from "../../ports/database.ts";
import { listConversations } from "./conversation-list.ts";
import type { MessageIndexOptions } from "./message-index-rows.ts";
import { readMessages } from "./message-rows.ts";
import { messageTextTable } from "./rag-namespaces.ts";

const CONVERSATION = `"id" AS "rowId", "name" AS "id", "createdAtMs", "lastMessageAtMs", "messageCount"`;
/** @param options name the index of words that each message goes into. */
export async function createConversationRows(
  database: Database,
  { namespaces, wordsOf }: Pick<MessageIndexOptions, "namespaces" | "wordsOf">,
): Promise<ConversationRows> {
  const next = await nextIds(database);
  const messages = (where: string, params: readonly SqlValue[]) => readMessages(database, where, params);

  async function find(namespace: string, id: string): Promise<ConversationRow | null> {
    const rows = await database.all<ConversationRow>(
      `SELECT ${CONVERSATION} FROM "Conversation" WHERE "namespace" = ? AND "name" = ?`,
      [namespace, id],
    );
    return rows[0] ?? null;
  }

  return {
    find,
    list: (namespace, after, limit) => listConversations(database, namespace, after, limit),
    async append(namespace, id, message) {
      const key = await namespaces.requireMessages(namespace);
      const { words, languages } = await wordsOf(message.content, namespaces.languages(namespace, "messages"));
      await namespaces.addLanguages(key, "messages", languages);
      const known = await find(namespace, id);
      const conversationRowId = known?.rowId ?? next.conversation++;
      const rowId = next.message++;
      const { sequence, role, content, metadata, createdAtMs } = message;
      const head =
        known === null
          ? {
              sql: `INSERT INTO "Conversation" ("id", "namespace", "name", "createdAtMs", "lastMessageAtMs", "messageCount") VALUES (?, ?, ?, ?, ?, 1)`,
              params: [conversationRowId, namespace, id, createdAtMs, createdAtMs],
            }
          : {
              sql: `UPDATE "Conversation" SET "lastMessageAtMs" = MAX("lastMessageAtMs", ?), "messageCount" = "messageCount" + 1 WHERE "id" = ?`,
              params: [createdAtMs, conversationRowId],
            };
      await database.write([
        head,
        {
          sql: `INSERT INTO "ConversationMessage" ("id", "namespace", "conversationId", "sequence", "role", "createdAtMs", "metadata", "content")
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          params: [
            rowId,
            namespace,
            conversationRowId,
            sequence,
            role,
            createdAtMs,
            metadata === null ? null : JSON.stringify(metadata),
            content,
          ],
        },
        {
          sql: `INSERT INTO ${messageTextTable(key)} (rowid, "text") VALUES (?, ?)`,
          params: [rowId, words],
        },
      ]);
      return { ...message, rowId, conversationRowId };
    },
    messages: (conversationRowId, { role, afterSequence, limit }) =>
      messages(
        `"conversationId" = ? AND "sequence" > ? ${role === null ? "" : `AND "role" = ?`} ORDER BY "sequence" LIMIT ?`,
        [conversationRowId, afterSequence, ...(role === null ? [] : [role]), limit],
      ),
    async newest(conversationRowId, beforeSequence, limit) {
      const rows = await messages(`"conversationId" = ? AND "sequence" < ? ORDER BY "sequence" DESC LIMIT ?`, [
        conversationRowId,
        beforeSequence,
        limit,
      ]);
      return rows.reverse();
    },
    byRowId: (rowIds) => messages(`"id" IN (SELECT value FROM json_each(?))`, [JSON.stringify(rowIds)]),
    conversationIds: (rowIds) =>
      database.all(
        `SELECT "id" AS "rowId", "name" AS "id" FROM "Conversation" WHERE "id" IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(rowIds)],
      ),
    async remove(namespace, id) {
      const known = await find(namespace, id);
      if (known === null) return null;
      const text = messageTextTable(await namespaces.requireMessages(namespace));
      // The words go first, while the messages still say which they are.
      await database.write([
        {
          sql: `DELETE FROM ${text} WHERE rowid IN (SELECT "id" FROM "ConversationMessage" WHERE "conversationId" = ?)`,
          params: [known.rowId],
        },
        { sql: `DELETE FROM "Conversation" WHERE "id" = ?`, params: [known.rowId] },
      ]);
      return known.rowId;
    },
    async counts(namespace) {
      const rows = await database.all<{ conversations: number; messages: number | null }>(
        `SELECT COUNT(*) AS "conversations", SUM("messageCount") AS "messages" FROM "Conversation" WHERE "namespace" = ?`,
        [namespace],
      );
      return { conversations: rows[0]?.conversations ?? 0, messages: rows[0]?.messages ?? 0 };
    },
  };
}

async function nextIds(database: Database): Promise<{ conversation: number; message: number }> {
  const rows = await database.all<{ name: string; seq: number }>(
    `SELECT "name", "seq" FROM sqlite_sequence WHERE "name" IN ('Conversation', 'ConversationMessage')`,
  );
  const nextOf = (table: string) => (rows.find(({ name }) => name === table)?.seq ?? 0) + 1;
  return { conversation: nextOf("Conversation"), message: nextOf("ConversationMessage") };
}
