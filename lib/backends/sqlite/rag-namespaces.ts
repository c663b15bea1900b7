import type { Database } from "../../ports/database.ts";

/** The full-text index of a namespace, for use in SQL; the number is ours, so nothing needs escaping. */
export const textTable = (namespaceId: number): string => `"RagText_${namespaceId}"`;

/**
 * Contentless: the index keeps words and places, the passages are in RagChunk. Porter stems English words, which costs other
 * languages next to nothing; accents do not count. FTS5's bm25() has k1 = 1.2 and b = 0.75.
 */
const createTextTable = (namespaceId: number): string =>
  `CREATE VIRTUAL TABLE IF NOT EXISTS ${textTable(namespaceId)} USING fts5("text", content='', contentless_delete=1,
   tokenize='porter unicode61 remove_diacritics 2')`;

/** Numbers of the namespaces that hold documents. There are as many as operators make keys for: they stay in memory. */
export class Namespaces {
  readonly #database: Database;
  readonly #ids: Map<string, number>;
  #lastId = 0;
  readonly #making = new Map<string, Promise<number>>();

  private constructor(database: Database, ids: Map<string, number>) {
    this.#database = database;
    this.#ids = ids;
  }

  static async open(database: Database): Promise<Namespaces> {
    const rows = await database.all<{ id: number; name: string }>(
      `SELECT "id", "name" FROM "RagNamespace" LIMIT 100000`,
    );
    return new Namespaces(database, new Map(rows.map(({ id, name }) => [name, id])));
  }

  names(): string[] {
    return [...this.#ids.keys()];
  }

  idOf(name: string): number | null {
    return this.#ids.get(name) ?? null;
  }

  /** The namespace's number; its index is made with it. */
  async require(name: string): Promise<number> {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const making = this.#making.get(name) ?? this.#make(name).finally(() => this.#making.delete(name));
    this.#making.set(name, making);
    return making;
  }

  async #make(name: string): Promise<number> {
    const id = Math.max(this.#lastId, ...this.#ids.values()) + 1;
    this.#lastId = id;
    await this.#database.write([
      { sql: createTextTable(id) },
      { sql: `INSERT INTO "RagNamespace" ("id", "name") VALUES (?, ?)`, params: [id, name] },
    ]);
    this.#ids.set(name, id);
    return id;
  }
}
