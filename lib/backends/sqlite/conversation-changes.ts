import type {
  ConversationChange,
  ConversationFields,
  ConversationRow,
  MessageRow,
} from "../../ports/conversation-rows.ts";
import type { Statement } from "../../ports/database.ts";
import type { Dialect } from "../dialect.ts";
import type { TextIndex } from "../text-index.ts";
import { insertMessage, jsonOf } from "./message-rows.ts";

/** Where a change happens. */
export interface ChangedPlace {
  dialect: Dialect;
  /** Of messages. */
  index: TextIndex;
  namespace: string;
  /** The number of its full-text index. */
  namespaceId: number;
  id: string;
  rowId: number;
  /** Null: it is made with this change. */
  known: ConversationRow | null;
}

/** A change with what is derived from it. */
export interface WordedChange extends Omit<ConversationChange, "added"> {
  added: readonly MessageRow[];
  addedWords: readonly string[];
  editedWords: string;
}

/** Messages of the conversation ?1 that go: those behind the place ?2, and the one with the row ?3. */
export const GOING = `SELECT "id" FROM "ConversationMessage" WHERE "conversationId" = ?1 AND ("sequence" > ?2 OR "id" = ?3)`;

export const goingParams = (rowId: number, { keepUpTo, removed }: Pick<ConversationChange, "keepUpTo" | "removed">) => [
  rowId,
  keepUpTo ?? Number.MAX_SAFE_INTEGER,
  removed?.rowId ?? 0,
];

/** The statements of a change, in the order in which they have to run. */
export function changeStatements(place: ChangedPlace, change: WordedChange): Statement[] {
  const { index, namespace, namespaceId, known } = place;
  const { added, addedWords, editedWords, edited } = change;
  return [
    ...(known === null ? [insertConversation(place, change)] : []),
    ...(removes(change) ? removal(place, change) : []),
    ...(edited === null ? [] : edit(index, namespaceId, edited, editedWords)),
    ...added.flatMap((row, at) => insertMessage(index, namespace, namespaceId, row, addedWords[at] ?? "")),
    ...(known === null ? [] : [updateConversation(place, change)]),
  ];
}

export const removes = ({ keepUpTo, removed }: Pick<ConversationChange, "keepUpTo" | "removed">): boolean =>
  keepUpTo !== null || removed !== null;

/** The words go first, while the messages still say which they are. Windows go with their messages. */
function removal({ index, namespaceId, rowId }: ChangedPlace, change: WordedChange): Statement[] {
  const params = goingParams(rowId, change);
  return [
    ...index.remove(namespaceId, { sql: GOING, params }),
    { sql: `DELETE FROM "ConversationMessage" WHERE "id" IN (${GOING})`, params },
  ];
}

/** The message keeps its row and place, and waits to be embedded again. */
function edit(index: TextIndex, namespaceId: number, row: MessageRow, words: string): Statement[] {
  return [
    ...index.remove(namespaceId, { sql: `SELECT "id" FROM "ConversationMessage" WHERE "id" = ?`, params: [row.rowId] }),
    { sql: `DELETE FROM "MessageWindow" WHERE "messageId" = ?`, params: [row.rowId] },
    {
      sql: `UPDATE "ConversationMessage" SET "role" = ?2, "content" = ?3, "parts" = ?4, "metadata" = ?5, "version" = ?6,
              "updatedAtMs" = ?7, "model" = NULL WHERE "id" = ?1`,
      params: [row.rowId, row.role, row.content, jsonOf(row.parts), jsonOf(row.metadata), row.version, row.updatedAtMs],
    },
    ...index.add(namespaceId, [{ id: row.rowId, words }]),
  ];
}

const NO_FIELDS: ConversationFields = { title: null, owner: null, metadata: null };

function insertConversation({ rowId, namespace, id }: ChangedPlace, { fields, added, atMs }: WordedChange): Statement {
  const { title, owner, metadata } = fields ?? NO_FIELDS;
  return {
    sql: `INSERT INTO "Conversation" ("id", "namespace", "name", "createdAtMs", "lastMessageAtMs", "updatedAtMs",
            "messageCount", "lastSequence", "version", "title", "owner", "metadata")
          VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?5, ?5, 1, ?6, ?7, ?8)`,
    params: [rowId, namespace, id, atMs, added.length, title, owner, jsonOf(metadata)],
  };
}

function updateConversation({ dialect, rowId }: ChangedPlace, change: WordedChange): Statement {
  const { fields, added, atMs } = change;
  const counted = removes(change) ? RECOUNTED : addedBy(dialect);
  const told = fields === null ? "" : `, "title" = ?4, "owner" = ?5, "metadata" = ?6`;
  return {
    sql: `UPDATE "Conversation" SET "version" = "version" + 1, "updatedAtMs" = ${dialect.greatest}("updatedAtMs", ?3),
            "lastSequence" = "lastSequence" + ?2, ${counted}${told} WHERE "id" = ?1`,
    params: [
      rowId,
      added.length,
      atMs,
      ...(fields === null ? [] : [fields.title, fields.owner, jsonOf(fields.metadata)]),
    ],
  };
}

const addedBy = ({ greatest }: Dialect) => `"messageCount" = "messageCount" + ?2,
  "lastMessageAtMs" = CASE CAST(?2 AS bigint) WHEN 0 THEN "lastMessageAtMs" ELSE ${greatest}("lastMessageAtMs", ?3) END`;
/** Asked of what is left. Without messages its own time stands for theirs. */
const RECOUNTED = `"messageCount" = (SELECT COUNT(*) FROM "ConversationMessage" WHERE "conversationId" = ?1),
  "lastMessageAtMs" = COALESCE((SELECT MAX("createdAtMs") FROM "ConversationMessage" WHERE "conversationId" = ?1), "createdAtMs")`;
