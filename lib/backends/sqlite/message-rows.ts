import type { MessageRow } from "../../ports/conversation-rows.ts";
import type { Database, SqlValue, Statement } from "../../ports/database.ts";
import { messageTextTable } from "./rag-namespaces.ts";

interface StoredMessage extends Omit<MessageRow, "id" | "metadata" | "parts" | "content"> {
  name: string;
  metadata: string | null;
  parts: string | null;
  content: ArrayBuffer;
}

/**
 * Content is read as bytes: the driver ends a text at its first U+0000. No column is called "id" here: it would be the one
 * that ORDER BY sorts by.
 */
const MESSAGE = `"id" AS "rowId", "conversationId" AS "conversationRowId", "name", "sequence", "role",
  CAST("content" AS BLOB) AS "content", "parts", "metadata", "createdAtMs",
  COALESCE("updatedAtMs", "createdAtMs") AS "updatedAtMs", "version"`;

/** The messages that a condition (and what follows it) finds. */
export async function readMessages(
  database: Database,
  where: string,
  params: readonly SqlValue[],
): Promise<MessageRow[]> {
  const rows = await database.all<StoredMessage>(`SELECT ${MESSAGE} FROM "ConversationMessage" WHERE ${where}`, params);
  return rows.map(({ name, ...row }) => ({
    ...row,
    id: name,
    content: Buffer.from(row.content).toString("utf8"),
    parts: row.parts === null ? null : JSON.parse(row.parts),
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
  }));
}

/** @param words what of its text goes into the full-text index of the namespace with this number. */
export function insertMessage(namespace: string, namespaceId: number, row: MessageRow, words: string): Statement[] {
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
    {
      sql: `INSERT INTO ${messageTextTable(namespaceId)} (rowid, "text") VALUES (?, ?)`,
      params: [row.rowId, words],
    },
  ];
}

const jsonOf = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));
