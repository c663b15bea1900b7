import type { Database, Statement } from "../../ports/database.ts";
import type { MessageIndexRows, MessageWindows, WindowVector } from "../../ports/message-index-rows.ts";
import { readMessages } from "./message-rows.ts";
import { packBytes, packTexts, partOf, readVectors } from "./packed-rows.ts";
import { messageTextTable, type Namespaces } from "./rag-namespaces.ts";

/** Messages of earlier versions whose words are indexed in one transaction. */
const EARLIER_PAGE = 500;
const VECTOR = `SELECT "id", "conversationId" AS "documentId", "vector" FROM "MessageWindow"`;
const WINDOW = `SELECT "id" AS "windowId", "messageId" AS "rowId", "conversationId" AS "conversationRowId", "vector" FROM "MessageWindow"`;
/** Characters of a text. length() ends at U+0000: then a quarter of the bytes is counted at least. */
const CHARACTERS = `MAX(length("content"), octet_length("content") / 4)`;
/** Each part of the index on (namespace, model) that is not the model's own: nothing else is looked at. */
const PENDING = `SELECT "id" FROM (SELECT "id" FROM "ConversationMessage" WHERE "namespace" = ?1 AND "model" IS NULL ORDER BY "id" DESC LIMIT ?3)
  UNION ALL SELECT "id" FROM (SELECT "id" FROM "ConversationMessage" WHERE "namespace" = ?1 AND "model" < ?2 LIMIT ?3)
  UNION ALL SELECT "id" FROM (SELECT "id" FROM "ConversationMessage" WHERE "namespace" = ?1 AND "model" > ?2 LIMIT ?3)`;

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
  let nextWindow = await nextWindowId(database);

  return {
    async matchWords(namespace, expression, limit, conversationRowId) {
      const key = await namespaces.requireMessages(namespace);
      // With the plus a condition on what was found; without it FTS5 would search once for each message
      // (findings/fts5-match-per-row.sh).
      const only =
        conversationRowId === null
          ? ""
          : `AND +rowid IN (SELECT "id" FROM "ConversationMessage" WHERE "conversationId" = ?)`;
      return database.all(
        `SELECT message."id" AS "id", message."conversationId" AS "documentId", -best."rank" AS "score"
         FROM (SELECT rowid, rank FROM ${messageTextTable(key)} WHERE ${messageTextTable(key)} MATCH ? ${only}
               ORDER BY rank LIMIT ?) AS best
         JOIN "ConversationMessage" AS message ON message."id" = best.rowid ORDER BY best."rank", message."id"`,
        [expression, ...(conversationRowId === null ? [] : [conversationRowId]), limit],
      );
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
      const words = packTexts(indexed.map((of) => of.words));
      const parts = rows.map(({ rowId }, at) => [rowId, ...(words.spans[at] ?? [])]);
      await database.write([
        {
          // A message may have been removed since the page was read, or edited: then its words are indexed.
          sql: `INSERT INTO ${messageTextTable(key)} (rowid, "text")
                SELECT message."id", CAST(${partOf("?2", `part."value"`, 1)} AS TEXT) FROM json_each(?1) AS part
                JOIN "ConversationMessage" AS message ON message."id" = json_extract(part."value", '$[0]')
                WHERE message."updatedAtMs" IS NULL`,
          params: [JSON.stringify(parts), words.bytes],
        },
        { sql: `UPDATE "MessageTextIndex" SET "belowId" = ? WHERE "namespaceId" = ?`, params: [oldest, key] },
      ]);
      return rows.length === EARLIER_PAGE;
    },
    languages: (namespace) => namespaces.languages(namespace, "messages"),
    windows: (windowIds) => windows(database, `"id" IN (SELECT value FROM json_each(?1))`, [JSON.stringify(windowIds)]),
    windowsOf: (messageRowIds) =>
      windows(database, `"messageId" IN (SELECT value FROM json_each(?1)) AND "model" = ?2`, [
        JSON.stringify(messageRowIds),
        model(),
      ]),
    places: (messageRowIds) =>
      database.all(
        `SELECT "id" AS "rowId", "conversationId" AS "conversationRowId", "sequence" FROM "ConversationMessage"
         WHERE "id" IN (SELECT value FROM json_each(?))`,
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
      const rows = await database.all<{ count: number }>(`SELECT COUNT(*) AS "count" FROM (${PENDING}) LIMIT ?3`, [
        namespace,
        model(),
        limit,
      ]);
      return Math.min(limit, rows[0]?.count ?? 0);
    },
    pending: (namespace, limit, maxCharacters) =>
      readMessages(
        database,
        `"id" IN (SELECT "id" FROM (
           SELECT "id", SUM(${CHARACTERS}) OVER (ORDER BY "id" DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "before"
           FROM "ConversationMessage" WHERE "id" IN (SELECT "id" FROM (${PENDING}) ORDER BY "id" DESC LIMIT ?3)
         ) WHERE COALESCE("before", 0) < ?4) ORDER BY "id" DESC`,
        [namespace, model(), limit, maxCharacters],
      ),
    async setWindows(namespace, messages) {
      const flat = messages.flatMap(({ rowId, version, windows: codes }) =>
        codes.map((vector) => ({ id: nextWindow++, rowId, version, vector })),
      );
      await database.write(windowStatements(namespace, model(), messages, flat));
      return readVectors(database, `${VECTOR} WHERE "id" IN (SELECT value FROM json_each(?))`, [
        JSON.stringify(flat.map(({ id }) => id)),
      ]);
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
  namespace: string,
  model: string,
  messages: readonly MessageWindows[],
  flat: readonly { id: number; rowId: number; version: number; vector: Uint8Array }[],
): Statement[] {
  const { bytes, spans } = packBytes(flat.map(({ vector }) => vector));
  const parts = flat.map(({ id, rowId, version }, at) => [rowId, version, id, ...(spans[at] ?? [])]);
  const read = JSON.stringify(messages.map(({ rowId, version }) => [rowId, version]));
  const asRead = `message."id" = json_extract(part."value", '$[0]') AND message."version" = json_extract(part."value", '$[1]')`;
  const those = `IN (SELECT message."id" FROM json_each(?1) AS part JOIN "ConversationMessage" AS message ON ${asRead})`;
  return [
    { sql: `DELETE FROM "MessageWindow" WHERE "messageId" ${those}`, params: [read] },
    {
      sql: `INSERT INTO "MessageWindow" ("id", "namespace", "conversationId", "messageId", "model", "vector")
            SELECT json_extract(part."value", '$[2]'), ?2, message."conversationId", message."id", ?3, ${partOf("?4", `part."value"`, 3)}
            FROM json_each(?1) AS part JOIN "ConversationMessage" AS message ON ${asRead}`,
      params: [JSON.stringify(parts), namespace, model, bytes],
    },
    { sql: `UPDATE "ConversationMessage" SET "model" = ?2 WHERE "id" ${those}`, params: [read, model] },
  ];
}

async function nextWindowId(database: Database): Promise<number> {
  const rows = await database.all<{ seq: number }>(`SELECT "seq" FROM sqlite_sequence WHERE "name" = 'MessageWindow'`);
  return (rows[0]?.seq ?? 0) + 1;
}
