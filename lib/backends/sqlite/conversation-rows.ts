import type {
  ConversationChange,
  ConversationFilter,
  ConversationRow,
  ConversationRows,
  MessageBody,
  MessageRow,
} from "../../ports/conversation-rows.ts";
import type { Database, SqlValue } from "../../ports/database.ts";
import { type Amount, NO_QUOTAS, type Quotas } from "../../ports/namespace-quotas.ts";
import { dialectOf } from "../dialect.ts";
import { openRowNumbers } from "../row-numbers.ts";
import { changeStatements, GOING, goingParams, removes } from "./conversation-changes.ts";
import { filterSql, listConversations, readConversations, sortConversations } from "./conversation-list.ts";
import { sizeOfChange, sizeOfFields } from "./conversation-sizes.ts";
import type { MessageIndexOptions } from "./message-index-rows.ts";
import { MESSAGE_SIZE, pageOfMessages, readMessages } from "./message-rows.ts";
import { writeWithin } from "./quota-write.ts";

/** @param options name the index of words that each message goes into. */
export async function createConversationRows(
  database: Database,
  { namespaces, wordsOf }: Pick<MessageIndexOptions, "namespaces" | "wordsOf">,
  quotas: Quotas = NO_QUOTAS,
): Promise<ConversationRows> {
  const dialect = dialectOf(database);
  const numbers = await openRowNumbers(database, ["Conversation", "ConversationMessage"]);
  const index = namespaces.messages;
  const those = `IN (${dialect.numbers("?")})`;
  const messages = (where: string, params: readonly SqlValue[]) => readMessages(database, where, params);

  async function find(namespace: string, id: string): Promise<ConversationRow | null> {
    const rows = await readConversations(database, `c."namespace" = ? AND c."name" = ?`, [namespace, id]);
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

  /** Windows of the messages that go or get another text. */
  async function windowsThatGo(rowId: number, change: Parameters<ConversationRows["change"]>[3]): Promise<number[]> {
    if (change.edited === null && !removes(change)) return [];
    const rows = await database.all<{ id: number }>(
      `SELECT "id" FROM "MessageWindow" WHERE "messageId" IN (${GOING}) OR "messageId" = ?4`,
      [...goingParams(rowId, change), change.edited?.rowId ?? 0],
    );
    return rows.map(({ id }) => id);
  }

  /** What the change takes away. */
  async function replaced(rowId: number, known: ConversationRow | null, change: ConversationChange): Promise<Amount> {
    const [row] = await database.all<Amount>(
      `SELECT coalesce(sum(${MESSAGE_SIZE}), 0) AS "bytes", count(*) FILTER (WHERE "id" <> ?4) AS "items" FROM "ConversationMessage"
       WHERE "id" IN (${GOING}) OR "id" = ?4`,
      [...goingParams(rowId, change), change.edited?.rowId ?? 0],
    );
    const fields = known !== null && change.fields !== null ? sizeOfFields(dialect, known) : 0;
    return { bytes: (row?.bytes ?? 0) + fields, items: row?.items ?? 0 };
  }

  return {
    find,
    list: (namespace, filter, after, limit) => listConversations(database, namespace, filter, after, limit),
    sorted: (namespace, filter, order, after, limit) =>
      sortConversations(database, namespace, filter, order, after, limit),
    matching: (namespace, filter, afterRowId, limit) => {
      const { sql, params } = filterSql(filter);
      return database.all(
        `SELECT c."id" AS "rowId", c."name" AS "id" FROM "Conversation" AS c
         WHERE c."namespace" = ? AND c."id" > ? ${sql} ORDER BY c."id" LIMIT ?`,
        [namespace, afterRowId, ...params, limit],
      );
    },
    measure: (namespace, filter) => measured(database, namespace, filter),
    async change(namespace, id, known, change) {
      const namespaceId = await namespaces.requireMessages(namespace);
      const bodies = [...change.added, ...(change.edited === null ? [] : [change.edited])];
      const words = await indexed(namespace, namespaceId, bodies);
      const rowId = known?.rowId ?? (await numbers.take("Conversation", 1));
      const firstRow = await numbers.take("ConversationMessage", change.added.length);
      const first = (known?.lastSequence ?? 0) + 1;
      const version = (known?.version ?? 0) + 1;
      const added = change.added.map(
        (message, at): MessageRow => ({
          ...message,
          rowId: firstRow + at,
          conversationRowId: rowId,
          sequence: first + at,
          createdAtMs: change.atMs,
          updatedAtMs: change.atMs,
          version,
        }),
      );
      const removedWindows = await windowsThatGo(rowId, change);
      const worded = { ...change, added, addedWords: words, editedWords: words.at(-1) ?? "" };
      const statements = changeStatements({ dialect, index, namespace, namespaceId, id, rowId, known }, worded);
      const gate = quotas.of(namespace);
      if (gate === null) await database.write(statements);
      else
        await writeWithin(
          gate,
          sizeOfChange(dialect, id, known, change),
          () => replaced(rowId, known, change),
          () => database.write(statements),
        );
      return { added, removedWindows };
    },
    messages: (conversationRowId, query) => pageOfMessages(database, conversationRowId, query),
    named: (conversationRowId, ids) =>
      messages(`"conversationId" = ? AND "name" IN (${dialect.texts("?")})`, [conversationRowId, JSON.stringify(ids)]),
    byRowId: (rowIds) => messages(`"id" ${those}`, [JSON.stringify(rowIds)]),
    conversationIds: (rowIds) =>
      database.all(`SELECT "id" AS "rowId", "name" AS "id" FROM "Conversation" WHERE "id" ${those}`, [
        JSON.stringify(rowIds),
      ]),
    async remove(namespace, ids) {
      const namespaceId = await namespaces.requireMessages(namespace);
      const known = await readConversations(database, `c."namespace" = ? AND c."name" IN (${dialect.texts("?")})`, [
        namespace,
        JSON.stringify(ids),
      ]);
      const rowIds = known.map(({ rowId }) => rowId);
      const params = [JSON.stringify(rowIds)];
      // The words go first, while the messages still say which they are.
      await database.write([
        ...index.remove(namespaceId, {
          sql: `SELECT "id" FROM "ConversationMessage" WHERE "conversationId" ${those}`,
          params,
        }),
        { sql: `DELETE FROM "Conversation" WHERE "id" ${those}`, params },
      ]);
      return rowIds;
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

/** The lengths alone are read, and no text. */
async function measured(
  database: Database,
  namespace: string,
  filter: ConversationFilter,
): Promise<{ count: number; bytes: number }> {
  const { sql, params } = filterSql(filter);
  const [row] = await database.all<{ count: number; bytes: number | null }>(
    `SELECT COUNT(*) AS "count", SUM((SELECT SUM(octet_length("content") + COALESCE(octet_length("parts"), 0)
         + COALESCE(octet_length("metadata"), 0)) FROM "ConversationMessage" WHERE "conversationId" = c."id")) AS "bytes"
     FROM "Conversation" AS c WHERE c."namespace" = ? ${sql}`,
    [namespace, ...params],
  );
  return { count: row?.count ?? 0, bytes: row?.bytes ?? 0 };
}
