import type { Database, Statement } from "../../ports/database.ts";
import { dialectOf } from "../dialect.ts";
import type { IndexedText, Match, TextIndex, TextKind } from "../text-index.ts";
import { packBytes } from "./packed-rows.ts";

const PREFIXES: Readonly<Record<TextKind["table"], string>> = {
  RagChunk: "RagText",
  ConversationMessage: "MessageText",
};

/** FTS5: a table for each namespace. */
export class SqliteTextIndex implements TextIndex {
  readonly #database: Database;
  readonly #kind: TextKind;

  constructor(database: Database, kind: TextKind) {
    this.#database = database;
    this.#kind = kind;
  }

  /**
   * Contentless: the index keeps words and places, the texts are in their own table. Porter stems English words; other languages come
   * in as stems of their own, which it leaves alone. Accents do not count. FTS5's bm25() has k1 = 1.2 and b = 0.75.
   */
  create(namespaceId: number): Statement[] {
    const sql = `CREATE VIRTUAL TABLE IF NOT EXISTS ${this.#table(namespaceId)} USING fts5("text", content='', contentless_delete=1,
       tokenize='porter unicode61 remove_diacritics 2')`;
    return [{ sql }];
  }

  add(namespaceId: number, texts: readonly IndexedText[]): Statement[] {
    return this.#insert(namespaceId, texts, null);
  }

  async addMany(namespaceId: number, texts: readonly IndexedText[]): Promise<Statement[]> {
    return this.#insert(namespaceId, texts, null);
  }

  addThose(namespaceId: number, texts: readonly IndexedText[], there: string): Statement[] {
    return this.#insert(namespaceId, texts, there);
  }

  #insert(namespaceId: number, texts: readonly IndexedText[], there: string | null): Statement[] {
    const [only] = texts;
    if (only === undefined) return [];
    if (texts.length === 1 && typeof only.words === "string" && there === null)
      return [
        { sql: `INSERT INTO ${this.#table(namespaceId)} (rowid, "text") VALUES (?, ?)`, params: [only.id, only.words] },
      ];
    const ids = JSON.stringify(texts.map(({ id }) => id));
    const { eachPart, numberAt, partOf, textOf } = dialectOf(this.#database);
    const { bytes, spans } = packBytes(
      texts.map(({ words }) => (typeof words === "string" ? Buffer.from(words) : words)),
    );
    const parts = texts.map(({ id }, at) => [id, ...(spans[at] ?? [])]);
    const part = `part."value"`;
    return [
      {
        sql: `INSERT INTO ${this.#table(namespaceId)} (rowid, "text")
              SELECT ${numberAt(part, 0)}, ${textOf(partOf("?2", part, 1))} FROM ${eachPart("?1")}
              ${there === null ? "" : `WHERE ${numberAt(part, 0)} IN (${there})`}`,
        params: [JSON.stringify(parts), bytes, ...(there === null ? [] : [ids])],
      },
    ];
  }

  async addStored(namespaceId: number, ownerId: number): Promise<Statement[]> {
    const { table, owner } = this.#kind;
    const sql = `INSERT INTO ${this.#table(namespaceId)} (rowid, "text") SELECT "id", "text" FROM "${table}" WHERE "${owner}" = ?`;
    return [{ sql, params: [ownerId] }];
  }

  remove(namespaceId: number, { sql, params = [] }: Statement): Statement[] {
    return [{ sql: `DELETE FROM ${this.#table(namespaceId)} WHERE rowid IN (${sql})`, params }];
  }

  match(namespaceId: number, expression: string, limit: number, owners: readonly number[] | null): Promise<Match[]> {
    const { table, owner } = this.#kind;
    const text = this.#table(namespaceId);
    // With the plus a condition on what was found; without it FTS5 would search once for each row
    // (findings/fts5-match-per-row.sh).
    const only =
      owners === null
        ? ""
        : `AND +rowid IN (SELECT "id" FROM "${table}" WHERE "${owner}" IN (SELECT value FROM json_each(?)))`;
    // The best are chosen on the index alone; only then are their rows looked at.
    return this.#database.all(
      `SELECT r."id" AS "id", r."${owner}" AS "documentId", -best."rank" AS "score"
       FROM (SELECT rowid, rank FROM ${text} WHERE ${text} MATCH ? ${only} ORDER BY rank LIMIT ?) AS best
       JOIN "${table}" AS r ON r."id" = best.rowid ORDER BY best."rank", r."id"`,
      [expression, ...(owners === null ? [] : [JSON.stringify(owners)]), limit],
    );
  }

  /** The number is ours, so nothing needs escaping. */
  #table(namespaceId: number): string {
    return `"${PREFIXES[this.#kind.table]}_${namespaceId}"`;
  }
}
