import type { ConversationPosition, ConversationRow } from "../../ports/conversation-rows.ts";
import type { Database } from "../../ports/database.ts";

interface Listed extends ConversationRow {
  asOfMessage: number;
  placeMs: number;
}

/** The row's id carries its table: "id" alone would be the alias of the name wherever SQLite sorts. */
const FIELDS = `c."id" AS "rowId", c."name" AS "id", c."createdAtMs", c."lastMessageAtMs", c."messageCount", c."version",
  c."lastSequence", c."updatedAtMs"`;

const FIRST = `SELECT ${FIELDS}, c."lastMessageAtMs" AS "placeMs",
    (SELECT max("id") FROM "ConversationMessage") AS "asOfMessage"
  FROM "Conversation" AS c WHERE c."namespace" = ?1 ORDER BY c."lastMessageAtMs" DESC, c."id" DESC LIMIT ?2`;

/**
 * ?3 is the newest message of the first page's time. Conversations that got messages since stand where they stood then, and
 * those made since are left out: in the order of today one that moves to the front would never be met.
 */
const NEXT = `WITH moved AS MATERIALIZED (
    SELECT DISTINCT "conversationId" AS "rowId" FROM "ConversationMessage" WHERE "namespace" = ?1 AND "id" > ?3)
  SELECT * FROM (SELECT ${FIELDS}, c."lastMessageAtMs" AS "placeMs", ?3 AS "asOfMessage" FROM "Conversation" AS c
    WHERE c."namespace" = ?1 AND (c."lastMessageAtMs", c."id") < (?4, ?5) AND c."id" NOT IN (SELECT "rowId" FROM moved)
    ORDER BY c."lastMessageAtMs" DESC, c."id" DESC LIMIT ?2)
  UNION ALL SELECT * FROM (SELECT ${FIELDS},
      (SELECT max(m."createdAtMs") FROM "ConversationMessage" AS m WHERE m."conversationId" = c."id" AND m."id" <= ?3) AS "placeMs",
      ?3 AS "asOfMessage"
    FROM "Conversation" AS c WHERE c."id" IN (SELECT "rowId" FROM moved)) WHERE ("placeMs", "rowId") < (?4, ?5)
  ORDER BY "placeMs" DESC, "rowId" DESC LIMIT ?2`;

/** See `ConversationRows.list`. */
export async function listConversations(
  database: Database,
  namespace: string,
  after: ConversationPosition | null,
  limit: number,
): Promise<{ rows: ConversationRow[]; next: ConversationPosition | null }> {
  const found =
    after === null
      ? await database.all<Listed>(FIRST, [namespace, limit + 1])
      : await database.all<Listed>(NEXT, [namespace, limit + 1, after.asOfMessage, after.lastMessageAtMs, after.rowId]);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page.map(({ asOfMessage: _, placeMs: __, ...row }) => row),
    next:
      last === undefined || found.length <= limit
        ? null
        : { asOfMessage: last.asOfMessage, lastMessageAtMs: last.placeMs, rowId: last.rowId },
  };
}
