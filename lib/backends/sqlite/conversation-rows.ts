import type { ConversationRow, ConversationRows, MessageRow } from "../../ports/conversation-rows.ts";
import type { Database, SqlValue } from "../../ports/database.ts";
import { listConversations } from "./conversation-list.ts";
import { packBytes, partOf, readVectors } from "./packed-rows.ts";

interface StoredMessage extends Omit<MessageRow, "metadata" | "content"> {
  metadata: string | null;
  content: ArrayBuffer;
}

const CONVERSATION = `"id" AS "rowId", "name" AS "id", "createdAtMs", "lastMessageAtMs", "messageCount"`;
/** Content is read as bytes: the driver ends a text at its first U+0000. */
const MESSAGE = `"id" AS "rowId", "conversationId" AS "conversationRowId", "sequence", "role",
  CAST("content" AS BLOB) AS "content", "metadata", "createdAtMs"`;
const VECTOR = `SELECT "id", "conversationId" AS "documentId", "vector" FROM "ConversationMessage"`;

/** @param model names the embedding model in force: vectors of another are as good as none. */
export async function createConversationRows(database: Database, model: () => string): Promise<ConversationRows> {
  const next = await nextIds(database);

  async function messages(where: string, params: readonly SqlValue[]): Promise<MessageRow[]> {
    const rows = await database.all<StoredMessage>(
      `SELECT ${MESSAGE} FROM "ConversationMessage" WHERE ${where}`,
      params,
    );
    return rows.map((row) => ({
      ...row,
      content: Buffer.from(row.content).toString("utf8"),
      metadata: row.metadata === null ? null : JSON.parse(row.metadata),
    }));
  }

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
      await database.write([{ sql: `DELETE FROM "Conversation" WHERE "id" = ?`, params: [known.rowId] }]);
      return known.rowId;
    },
    withoutVector: (namespace, model, limit) =>
      messages(`"namespace" = ? AND ("model" IS NULL OR "model" <> ?) AND "content" <> '' ORDER BY "id" DESC LIMIT ?`, [
        namespace,
        model,
        limit,
      ]),
    async setVectors(model, rows) {
      const { bytes, spans } = packBytes(rows.map(({ vector }) => vector));
      const parts = rows.map(({ rowId }, at) => [rowId, ...(spans[at] ?? [])]);
      await database.write([
        {
          sql: `UPDATE "ConversationMessage" SET "model" = ?1, "vector" = ${partOf("?3", `part."value"`, 1)}
                FROM json_each(?2) AS part WHERE "ConversationMessage"."id" = json_extract(part."value", '$[0]')`,
          params: [model, JSON.stringify(parts), bytes],
        },
      ]);
    },
    async counts(namespace) {
      const rows = await database.all<{ conversations: number; messages: number | null }>(
        `SELECT COUNT(*) AS "conversations", SUM("messageCount") AS "messages" FROM "Conversation" WHERE "namespace" = ?`,
        [namespace],
      );
      return { conversations: rows[0]?.conversations ?? 0, messages: rows[0]?.messages ?? 0 };
    },
    page: (namespace, afterId, limit) =>
      readVectors(database, `${VECTOR} WHERE "namespace" = ? AND "model" = ? AND "id" > ? ORDER BY "id" LIMIT ?`, [
        namespace,
        model(),
        afterId,
        limit,
      ]),
    byId: (namespace, ids) =>
      readVectors(
        database,
        `${VECTOR} WHERE "id" IN (SELECT value FROM json_each(?)) AND "namespace" = ? AND "model" = ?`,
        [JSON.stringify(ids), namespace, model()],
      ),
  };
}

async function nextIds(database: Database): Promise<{ conversation: number; message: number }> {
  const rows = await database.all<{ name: string; seq: number }>(
    `SELECT "name", "seq" FROM sqlite_sequence WHERE "name" IN ('Conversation', 'ConversationMessage')`,
  );
  const nextOf = (table: string) => (rows.find(({ name }) => name === table)?.seq ?? 0) + 1;
  return { conversation: nextOf("Conversation"), message: nextOf("ConversationMessage") };
}
