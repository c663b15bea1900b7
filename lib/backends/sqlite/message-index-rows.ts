import type { Database, Statement } from "../../ports/database.ts";
import type { MessageIndexRows, MessageWindows, WindowVector } from "../../ports/message-index-rows.ts";
import { type Dialect, dialectOf } from "../dialect.ts";
import { openRowNumbers } from "../row-numbers.ts";
import { readMessages } from "./message-rows.ts";
import { packBytes, readVectors } from "./packed-rows.ts";
import type { Namespaces } from "./rag-namespaces.ts";

/** Messages of earlier versions whose words are indexed in one transaction. */
const EARLIER_PAGE = 500;
const VECTOR = `SELECT "id", "conversationId" AS "documentId", "vector" FROM "MessageWindow"`;
const WINDOW = `SELECT "id" AS "windowId", "messageId" AS "rowId", "conversationId" AS "conversationRowId", "vector" FROM "MessageWindow"`;
/** Each part of the index on (namespace, model) that is not the model's own: nothing else is looked at. */
const PENDING = `SELECT "id" FROM (SELECT "id" FROM "ConversationMessage" WHERE "namespace" = ?1 AND "model" IS NULL ORDER BY "id" DESC LIMIT ?3) AS "without"
  UNION ALL SELECT "id" FROM (SELECT "id" FROM "ConversationMessage" WHERE "namespace" = ?1 AND "model" < ?2 LIMIT ?3) AS "before"
  UNION ALL SELECT "id" FROM (SELECT "id" FROM "ConversationMessage" WHERE "namespace" = ?1 AND "model" > ?2 LIMIT ?3) AS "behind"`;

export interface MessageIndexOptions {
  namespaces: Namespaces;
  /** The embedding model in force: vectors of another are as good as none. */
  model: () => string;
  /** What of a text goes into the full-text index, and the languages it is in. @param held languages of other messages. */
  wordsOf: (text: string, held: readonly string[]) => Promise<{ words: string; languages: readonly string[] }>;
}

/** Words and vectors of messages in SQLite. Like documents, each namespace has an FTS5 index of its own. */
export async function createMessageIndexRows(
  database: Database,
  { namespaces, model, wordsOf }: MessageIndexOptions,
): Promise<MessageIndexRows> {
  const dialect = dialectOf(database);
  const numbers = await openRowNumbers(database, ["MessageWindow"]);
  const those = `IN (${dialect.numbers("?1")})`;

  return {
    async matchWords(namespace, expression, limit, conversationRowId) {
      const key = await namespaces.requireMessages(namespace);
      return namespaces.messages.match(key, expression, limit, conversationRowId === null ? null : [conversationRowId]);
    },
    async indexEarlier(namespace) {
      const key = await namespaces.requireMessages(namespace);
      const rows = await readMessages(
        database,
        `"namespace" = ? AND "id" < (SELECT "belowId" FROM "MessageTextIndex" WHERE "namespaceId" = ?) AND "updatedAtMs" IS NULL
         ORDER BY "id" DESC LIMIT ?`,
        [namespace, key, EARLIER_PAGE],
      );
      const oldest = rows.at(-1)?.rowId ?? 0;
      const indexed: Awaited<ReturnType<typeof wordsOf>>[] = [];
      for (const { content } of rows) indexed.push(await wordsOf(content, namespaces.languages(namespace, "messages")));
      await namespaces.addLanguages(key, "messages", [...new Set(indexed.flatMap(({ languages }) => languages))]);
      const there = `SELECT "id" FROM "ConversationMessage" WHERE "id" IN (${dialect.numbers("?")}) AND "updatedAtMs" IS NULL`;
      const texts = rows.map(({ rowId }, at) => ({ id: rowId, words: indexed[at]?.words ?? "" }));
      await database.write([
        // A message may have been removed since the page was read, or edited: then its words are indexed.
        ...namespaces.messages.addThose(key, texts, there),
        { sql: `UPDATE "MessageTextIndex" SET "belowId" = ? WHERE "namespaceId" = ?`, params: [oldest, key] },
      ]);
      return rows.length === EARLIER_PAGE;
    },
    languages: (namespace) => namespaces.languages(namespace, "messages"),
    windows: (windowIds) => windows(database, `"id" ${those}`, [JSON.stringify(windowIds)]),
    windowsOf: (messageRowIds) =>
      windows(database, `"messageId" ${those} AND "model" = ?2`, [JSON.stringify(messageRowIds), model()]),
    places: (messageRowIds) =>
      database.all(
        `SELECT "id" AS "rowId", "conversationId" AS "conversationRowId", "sequence" FROM "ConversationMessage" WHERE "id" ${those}`,
        [JSON.stringify(messageRowIds)],
      ),
    async hasWindows(namespace) {
      const rows = await database.all(`SELECT 1 FROM "MessageWindow" WHERE "namespace" = ? AND "model" = ? LIMIT 1`, [
        namespace,
        model(),
      ]);
      return rows.length > 0;
    },
    async countPending(namespace, limit) {
      const rows = await database.all<{ count: number }>(
        `SELECT COUNT(*) AS "count" FROM (${PENDING}) AS "pending" LIMIT ?3`,
        [namespace, model(), limit],
      );
      return Math.min(limit, rows[0]?.count ?? 0);
    },
    pending: (namespace, limit, maxCharacters) =>
      readMessages(
        database,
        `"id" IN (SELECT "id" FROM (
           SELECT "id", SUM(${dialect.characters(`"content"`)}) OVER (ORDER BY "id" DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "before"
           FROM "ConversationMessage" WHERE "id" IN (SELECT "id" FROM (${PENDING}) AS "pending" ORDER BY "id" DESC LIMIT ?3)
         ) AS "placed" WHERE COALESCE("before", 0) < ?4) ORDER BY "id" DESC`,
        [namespace, model(), limit, maxCharacters],
      ),
    async setWindows(namespace, messages) {
      const all = messages.flatMap(({ rowId, version, windows: codes }) =>
        codes.map((vector) => ({ rowId, version, vector })),
      );
      const first = await numbers.take("MessageWindow", all.length);
      const flat = all.map((window, at) => ({ ...window, id: first + at }));
      await database.write(windowStatements(dialect, namespace, model(), messages, flat));
      return readVectors(database, `${VECTOR} WHERE "id" ${those}`, [JSON.stringify(flat.map(({ id }) => id))]);
    },
    page: (namespace, afterId, limit) =>
      readVectors(database, `${VECTOR} WHERE "namespace" = ? AND "model" = ? AND "id" > ? ORDER BY "id" LIMIT ?`, [
        namespace,
        model(),
        afterId,
        limit,
      ]),
    byId: (namespace, ids) =>
      readVectors(database, `${VECTOR} WHERE "id" ${those} AND "namespace" = ?2 AND "model" = ?3`, [
        JSON.stringify(ids),
        namespace,
        model(),
      ]),
  };
}

async function windows(database: Database, where: string, params: readonly string[]): Promise<WindowVector[]> {
  const rows = await database.all<Omit<WindowVector, "vector"> & { vector: ArrayBuffer }>(
    `${WINDOW} WHERE ${where}`,
    params,
  );
  return rows.map(({ windowId, rowId, conversationRowId, vector }) => ({
    windowId,
    rowId,
    conversationRowId,
    vector: new Uint8Array(vector),
  }));
}

/** What was edited since its text was read keeps waiting: the windows are of a text that is no more. */
function windowStatements(
  { eachPart, numberAt, partOf }: Dialect,
  namespace: string,
  model: string,
  messages: readonly MessageWindows[],
  flat: readonly { id: number; rowId: number; version: number; vector: Uint8Array }[],
): Statement[] {
  const { bytes, spans } = packBytes(flat.map(({ vector }) => vector));
  const parts = flat.map(({ id, rowId, version }, at) => [rowId, version, id, ...(spans[at] ?? [])]);
  const read = JSON.stringify(messages.map(({ rowId, version }) => [rowId, version]));
  const part = `part."value"`;
  const asRead = `message."id" = ${numberAt(part, 0)} AND message."version" = ${numberAt(part, 1)}`;
  const those = `IN (SELECT message."id" FROM ${eachPart("?1")} JOIN "ConversationMessage" AS message ON ${asRead})`;
  return [
    { sql: `DELETE FROM "MessageWindow" WHERE "messageId" ${those}`, params: [read] },
    {
      sql: `INSERT INTO "MessageWindow" ("id", "namespace", "conversationId", "messageId", "model", "vector")
            SELECT ${numberAt(part, 2)}, ?2, message."conversationId", message."id", ?3, ${partOf("?4", part, 3)}
            FROM ${eachPart("?1")} JOIN "ConversationMessage" AS message ON ${asRead}`,
      params: [JSON.stringify(parts), namespace, model, bytes],
    },
    { sql: `UPDATE "ConversationMessage" SET "model" = ?2 WHERE "id" ${those}`, params: [read, model] },
  ];
}
