import type { Database } from "../ports/database.ts";

/** Tables whose rows are numbered before they are written, so that one transaction can name the rows that it makes. */
export type Numbered =
  | "RagNamespace"
  | "RagDocument"
  | "RagChunk"
  | "Conversation"
  | "ConversationMessage"
  | "MessageWindow"
  | "VectorPoint";

/** Gives out row numbers: they grow, and none is given out twice. */
export interface RowNumbers {
  /** @returns the first of `count` numbers in a row. */
  take(table: Numbered, count: number): Promise<number>;
}

/** SQLite's file has one process: it counts on from the largest number ever used. Of nodes on Postgres, each asks for its own. */
export async function openRowNumbers(database: Database, tables: readonly Numbered[]): Promise<RowNumbers> {
  if (database.dialect === "postgres") return { take: (table, count) => taken(database, table, count) };
  const next = new Map<Numbered, number>();
  for (const table of tables) next.set(table, (await lastOf(database, table)) + 1);
  return {
    async take(table, count) {
      const first = next.get(table) ?? 1;
      next.set(table, first + count);
      return first;
    },
  };
}

async function taken(database: Database, table: Numbered, count: number): Promise<number> {
  if (count === 0) return 0;
  const [row] = await database.all<{ first: number }>(`SELECT headroom_take_numbers(?, ?) AS "first"`, [table, count]);
  if (!row) throw new Error(`no number for a row of ${table}`);
  return row.first;
}

/** Its points may be the newest that ever were: they and namespaces are not remembered by SQLite. */
const UNREMEMBERED: Partial<Record<Numbered, string>> = {
  VectorPoint: `SELECT max("row") AS "last" FROM "VectorPoint"`,
  RagNamespace: `SELECT max("id") AS "last" FROM "RagNamespace"`,
};

async function lastOf(database: Database, table: Numbered): Promise<number> {
  const known = UNREMEMBERED[table];
  const [row] = known
    ? await database.all<{ last: number | null }>(known)
    : await database.all<{ last: number | null }>(
        `SELECT "seq" AS "last" FROM sqlite_sequence WHERE "name" = ? LIMIT 1`,
        [table],
      );
  return row?.last ?? 0;
}
