import type {
  ConversationFilter,
  ConversationOrder,
  ConversationPosition,
  ConversationRow,
} from "../../ports/conversation-rows.ts";
import type { Database, SqlValue } from "../../ports/database.ts";

interface Stored extends Omit<ConversationRow, "metadata"> {
  metadata: string | null;
}

interface Listed extends Stored {
  asOfMessage: number;
  placeMs: number;
}

/** The row's id carries its table: "id" alone would be the alias of the name wherever SQLite sorts. */
const FIELDS = `c."id" AS "rowId", c."name" AS "id", c."createdAtMs", c."lastMessageAtMs", c."messageCount", c."version",
  c."lastSequence", c."updatedAtMs", c."title", c."owner", c."metadata"`;

/** The greatest UTF-8 text that an id can be. */
const LAST_ID = "\u{10ffff}".repeat(64);

/** Conditions on the table `c`, behind others, with plain question marks. */
export function filterSql({ owner, prefix }: ConversationFilter): { sql: string; params: SqlValue[] } {
  const ofOwner = owner === null ? "" : `AND c."owner" = ?`;
  const withPrefix = prefix === null ? "" : `AND c."name" >= ? AND c."name" <= ?`;
  return {
    sql: `${ofOwner} ${withPrefix}`,
    params: [...(owner === null ? [] : [owner]), ...(prefix === null ? [] : [prefix, prefix + LAST_ID])],
  };
}

const toRow = ({ metadata, ...row }: Stored): ConversationRow => ({
  ...row,
  metadata: metadata === null ? null : JSON.parse(metadata),
});

export async function readConversations(
  database: Database,
  where: string,
  params: readonly SqlValue[],
): Promise<ConversationRow[]> {
  return (await database.all<Stored>(`SELECT ${FIELDS} FROM "Conversation" AS c WHERE ${where}`, params)).map(toRow);
}

const first = (filter: string) => `SELECT ${FIELDS}, c."lastMessageAtMs" AS "placeMs",
    COALESCE((SELECT max("id") FROM "ConversationMessage"), 0) AS "asOfMessage"
  FROM "Conversation" AS c WHERE c."namespace" = ? ${filter} ORDER BY c."lastMessageAtMs" DESC, c."id" DESC LIMIT ?`;

/**
 * The position holds the newest message of the first page's time. Conversations that got messages since stand where they
 * stood then, and those made since are left out: in the order of today one that moves to the front would never be met.
 */
const next = (filter: string) => `WITH place AS (
    SELECT CAST(? AS bigint) AS "asOf", CAST(? AS bigint) AS "ms", CAST(? AS bigint) AS "row"), moved AS MATERIALIZED (
    SELECT DISTINCT "conversationId" AS "rowId" FROM "ConversationMessage", place WHERE "namespace" = ? AND "id" > place."asOf")
  SELECT later.* FROM (SELECT ${FIELDS}, c."lastMessageAtMs" AS "placeMs", place."asOf" AS "asOfMessage" FROM "Conversation" AS c, place
    WHERE c."namespace" = ? AND (c."lastMessageAtMs", c."id") < (place."ms", place."row")
      AND c."id" NOT IN (SELECT "rowId" FROM moved) ${filter}
    ORDER BY c."lastMessageAtMs" DESC, c."id" DESC LIMIT ?) AS later
  UNION ALL SELECT listed.* FROM (SELECT ${FIELDS},
      COALESCE((SELECT max(m."createdAtMs") FROM "ConversationMessage" AS m, place
        WHERE m."conversationId" = c."id" AND m."id" <= place."asOf"), c."createdAtMs") AS "placeMs", place."asOf" AS "asOfMessage"
    FROM "Conversation" AS c, place WHERE c."id" IN (SELECT "rowId" FROM moved) ${filter}) AS listed, place
  WHERE (listed."placeMs", listed."rowId") < (place."ms", place."row")
  ORDER BY "placeMs" DESC, "rowId" DESC LIMIT ?`;

/** See `ConversationRows.list`. */
export async function listConversations(
  database: Database,
  namespace: string,
  filter: ConversationFilter,
  after: ConversationPosition | null,
  limit: number,
): Promise<{ rows: ConversationRow[]; next: ConversationPosition | null }> {
  const { sql, params } = filterSql(filter);
  const most = limit + 1;
  const found =
    after === null
      ? await database.all<Listed>(first(sql), [namespace, ...params, most])
      : await database.all<Listed>(next(sql), [
          ...[after.asOfMessage, after.lastMessageAtMs, after.rowId, namespace],
          ...[namespace, ...params, most],
          ...[...params, most],
        ]);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page.map(({ asOfMessage: _, placeMs: __, ...row }) => toRow(row)),
    next:
      last === undefined || found.length <= limit
        ? null
        : { asOfMessage: last.asOfMessage, lastMessageAtMs: last.placeMs, rowId: last.rowId },
  };
}

const COLUMNS: Readonly<Record<ConversationOrder, "createdAtMs" | "updatedAtMs" | "lastMessageAtMs" | "messageCount">> =
  { lastMessageAt: "lastMessageAtMs", createdAt: "createdAtMs", updatedAt: "updatedAtMs", messages: "messageCount" };

/** See `ConversationRows.sorted`. */
export async function sortConversations(
  database: Database,
  namespace: string,
  filter: ConversationFilter,
  { by, descending }: { by: ConversationOrder; descending: boolean },
  after: readonly [value: number, rowId: number] | null,
  limit: number,
): Promise<{ rows: ConversationRow[]; next: readonly [value: number, rowId: number] | null }> {
  const column = COLUMNS[by];
  const { sql, params } = filterSql(filter);
  const [sign, order] = descending ? ["<", "DESC"] : [">", "ASC"];
  const beyond = after === null ? "" : `AND (c."${column}", c."id") ${sign} (?, ?)`;
  const found = await readConversations(
    database,
    `c."namespace" = ? ${sql} ${beyond} ORDER BY c."${column}" ${order}, c."id" ${order} LIMIT ?`,
    [namespace, ...params, ...(after ?? []), limit + 1],
  );
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: last === undefined || found.length <= limit ? null : [last[column], last.rowId] };
}
