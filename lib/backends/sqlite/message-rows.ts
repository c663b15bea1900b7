import type { MessageRow } from "../../ports/conversation-rows.ts";
import type { Database, SqlValue } from "../../ports/database.ts";

interface StoredMessage extends Omit<MessageRow, "metadata" | "content"> {
  metadata: string | null;
  content: ArrayBuffer;
}

/** Content is read as bytes: the driver ends a text at its first U+0000. */
const MESSAGE = `"id" AS "rowId", "conversationId" AS "conversationRowId", "sequence", "role",
  CAST("content" AS BLOB) AS "content", "metadata", "createdAtMs"`;

/** The messages that a condition (and what follows it) finds. */
export async function readMessages(
  database: Database,
  where: string,
  params: readonly SqlValue[],
): Promise<MessageRow[]> {
  const rows = await database.all<StoredMessage>(`SELECT ${MESSAGE} FROM "ConversationMessage" WHERE ${where}`, params);
  return rows.map((row) => ({
    ...row,
    content: Buffer.from(row.content).toString("utf8"),
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
  }));
}
