import type { ConversationRow, ConversationRows, MessageBody, MessageRow } from "../../ports/conversation-rows.ts";
import type { Database, SqlValue, Statement } from "../../ports/database.ts";
import { listConversations } from "./conversation-list.ts";
import type { MessageIndexOptions } from "./message-index-rows.ts";
import { insertMessage, readMessages } from "./message-rows.ts";
import { messageTextTable } from "./rag-namespaces.ts";

const CONVERSATION = `"id" AS "rowId", "name" AS "id", "createdAtMs", "lastMessageAtMs", "messageCount", "version",
  "lastSequence", "updatedAtMs"`;

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

  /** What of each text goes into the full-text index. Its languages are noted before. */
  async function indexed(namespace: string, key: number, bodies: readonly MessageBody[]): Promise<string[]> {
    const held = namespaces.languages(namespace, "messages");
    const found: Awaited<ReturnType<typeof wordsOf>>[] = [];
    for (const { content } of bodies) found.push(await wordsOf(content, held));
    await namespaces.addLanguages(key, "messages", [...new Set(found.flatMap(({ languages }) => languages))]);
    return found.map(({ words }) => words);
  }

  return {
    find,
    list: (namespace, after, limit) => listConversations(database, namespace, after, limit),
    async append(namespace, id, known, added, atMs) {
      const key = await namespaces.requireMessages(namespace);
      const words = await indexed(namespace, key, added);
      const conversationRowId = known?.rowId ?? next.conversation++;
      const version = (known?.version ?? 0) + 1;
      const first = (known?.lastSequence ?? 0) + 1;
      const rows = added.map(
        (message, at): MessageRow => ({
          ...message,
          rowId: next.message++,
          conversationRowId,
          sequence: first + at,
          createdAtMs: atMs,
          updatedAtMs: atMs,
          version,
        }),
      );
      const head =
        known === null
          ? insertConversation(conversationRowId, namespace, id, rows.length, atMs)
          : addToConversation(conversationRowId, rows.length, atMs);
      await database.write([head, ...rows.flatMap((row, at) => insertMessage(namespace, key, row, words[at] ?? ""))]);
      return rows;
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
    named: (conversationRowId, ids) =>
      messages(`"conversationId" = ? AND "name" IN (SELECT value FROM json_each(?))`, [
        conversationRowId,
        JSON.stringify(ids),
      ]),
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

function insertConversation(rowId: number, namespace: string, id: string, messages: number, atMs: number): Statement {
  return {
    sql: `INSERT INTO "Conversation"
            ("id", "namespace", "name", "createdAtMs", "lastMessageAtMs", "messageCount", "version", "lastSequence", "updatedAtMs")
          VALUES (?1, ?2, ?3, ?5, ?5, ?4, 1, ?4, ?5)`,
    params: [rowId, namespace, id, messages, atMs],
  };
}

function addToConversation(rowId: number, messages: number, atMs: number): Statement {
  return {
    sql: `UPDATE "Conversation" SET "lastMessageAtMs" = MAX("lastMessageAtMs", ?3), "updatedAtMs" = MAX("updatedAtMs", ?3),
            "messageCount" = "messageCount" + ?2, "lastSequence" = "lastSequence" + ?2, "version" = "version" + 1
          WHERE "id" = ?1`,
    params: [rowId, messages, atMs],
  };
}

async function nextIds(database: Database): Promise<{ conversation: number; message: number }> {
  const rows = await database.all<{ name: string; seq: number }>(
    `SELECT "name", "seq" FROM sqlite_sequence WHERE "name" IN ('Conversation', 'ConversationMessage')`,
  );
  const nextOf = (table: string) => (rows.find(({ name }) => name === table)?.seq ?? 0) + 1;
  return { conversation: nextOf("Conversation"), message: nextOf("ConversationMessage") };
}
