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
  if (database.dialect === "postgres") return new SharedRowNumbers(database);
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

interface Asked {
  count: number;
  give: (first: number) => void;
  refuse: (error: unknown) => void;
}

/** Numbers of a server. Who asks first gets the lower ones; those who ask while an answer is on its way share the next. */
class SharedRowNumbers implements RowNumbers {
  readonly #database: Database;
  readonly #asked = new Map<Numbered, Asked[]>();

  constructor(database: Database) {
    this.#database = database;
  }

  take(table: Numbered, count: number): Promise<number> {
    if (count === 0) return Promise.resolve(0);
    return new Promise((give, refuse) => {
      const waiting = this.#asked.get(table);
      if (waiting) {
        waiting.push({ count, give, refuse });
        return;
      }
      this.#asked.set(table, [{ count, give, refuse }]);
      void this.#run(table);
    });
  }

  async #run(table: Numbered): Promise<void> {
    for (let waiting = this.#asked.get(table) ?? []; waiting.length > 0; waiting = this.#asked.get(table) ?? []) {
      this.#asked.set(table, []);
      try {
        let first = await this.#taken(
          table,
          waiting.reduce((sum, { count }) => sum + count, 0),
        );
        for (const { count, give } of waiting) {
          give(first);
          first += count;
        }
      } catch (error) {
        for (const { refuse } of waiting) refuse(error);
      }
    }
    this.#asked.delete(table);
  }

  async #taken(table: Numbered, count: number): Promise<number> {
    const sql = `SELECT headroom_take_numbers(?, ?) AS "first"`;
    const [row] = await this.#database.all<{ first: number }>(sql, [table, count]);
    if (!row) throw new Error(`no number for a row of ${table}`);
    return row.first;
  }
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
