import type { MessagePage, MessageQuery, MessageRow } from "../../ports/conversation-rows.ts";
import type { Database, SqlValue, Statement } from "../../ports/database.ts";
import { type Dialect, dialectOf, storedBytes } from "../dialect.ts";
import type { TextIndex } from "../text-index.ts";

interface StoredMessage extends Omit<MessageRow, "id" | "metadata" | "parts" | "content"> {
  name: string;
  metadata: string | null;
  parts: string | null;
  /** A text or its bytes. */
  content: ArrayBuffer;
}

/** No column is called "id" here: it would be the one that ORDER BY sorts by. @param content the column, to be read whole. */
const fields = (
  content: string,
) => `"id" AS "rowId", "conversationId" AS "conversationRowId", "name", "sequence", "role",
  ${content} AS "content", "parts", "metadata", "createdAtMs",
  COALESCE("updatedAtMs", "createdAtMs") AS "updatedAtMs", "version"`;

/** The messages that a condition (and what follows it) finds. */
export async function readMessages(
  database: Database,
  where: string,
  params: readonly SqlValue[],
): Promise<MessageRow[]> {
  const rows = await database.all<StoredMessage>(
    `SELECT ${fields(dialectOf(database).whole(`"content"`))} FROM "ConversationMessage" WHERE ${where}`,
    params,
  );
  return rows.map(({ name, ...row }) => ({
    ...row,
    id: name,
    content: Buffer.from(row.content).toString("utf8"),
    parts: row.parts === null ? null : JSON.parse(row.parts),
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
  }));
}

/** @param words what of its text goes into the full-text index of the namespace with this number. */
export function insertMessage(
  index: TextIndex,
  namespace: string,
  namespaceId: number,
  row: MessageRow,
  words: string,
): Statement[] {
  return [
    {
      sql: `INSERT INTO "ConversationMessage"
              ("id", "namespace", "conversationId", "name", "sequence", "version", "role", "createdAtMs", "metadata", "parts", "content")
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      params: [
        row.rowId,
        namespace,
        row.conversationRowId,
        row.id,
        row.sequence,
        row.version,
        row.role,
        row.createdAtMs,
        jsonOf(row.metadata),
        jsonOf(row.parts),
        row.content,
      ],
    },
    ...index.add(namespaceId, [{ id: row.rowId, words }]),
  ];
}

export const jsonOf = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

/** Some megabytes of messages at once, and always one: a page of the longest would be hundreds of megabytes. */
const PAGE_BYTES = 8 * 1_048_576;
export const MESSAGE_SIZE = `octet_length("content") + COALESCE(octet_length("parts"), 0) + COALESCE(octet_length("metadata"), 0)`;

/** See `ConversationRows.messages`. */
export async function pageOfMessages(
  database: Database,
  conversationRowId: number,
  { role, after, before, descending, limit }: MessageQuery,
): Promise<MessagePage> {
  const order = descending ? "DESC" : "ASC";
  const ofRole = role === null ? "" : `AND "role" = ?6`;
  const found = await readMessages(
    database,
    `"id" IN (SELECT "id" FROM (
       SELECT "id", SUM("size") OVER (ORDER BY "sequence" ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "ahead"
       FROM (SELECT "id", "sequence", ${MESSAGE_SIZE} AS "size" FROM "ConversationMessage"
             WHERE "conversationId" = ?1 AND "sequence" > ?2 AND "sequence" < ?3 ${ofRole}
             ORDER BY "sequence" ${order} LIMIT ?4) AS "looked"
     ) AS "placed" WHERE COALESCE("ahead", 0) < ?5) ORDER BY "sequence" ${order}`,
    [conversationRowId, after, before, limit + 1, PAGE_BYTES, ...(role === null ? [] : [role])],
  );
  const rows = found.slice(0, limit);
  const dialect = dialectOf(database);
  const bytes = rows.reduce((sum, row) => sum + messageBytes(dialect, row), 0);
  return { rows, isCut: found.length > limit || bytes >= PAGE_BYTES };
}

/** As `MESSAGE_SIZE` is. */
export const messageBytes = (
  dialect: Dialect,
  { content, parts, metadata }: Pick<MessageRow, "content" | "parts" | "metadata">,
): number =>
  storedBytes(dialect, content) +
  storedBytes(dialect, jsonOf(parts) ?? "") +
  storedBytes(dialect, jsonOf(metadata) ?? "");
