import type { Database } from "../../ports/database.ts";

/** The full-text index of a namespace, for use in SQL; the number is ours, so nothing needs escaping. */
export const textTable = (namespaceId: number): string => `"RagText_${namespaceId}"`;

/** The same for a namespace's messages. */
export const messageTextTable = (namespaceId: number): string => `"MessageText_${namespaceId}"`;

/**
 * Contentless: the index keeps words and places, the passages are in RagChunk. Porter stems English words, which costs other
 * languages next to nothing; accents do not count. FTS5's bm25() has k1 = 1.2 and b = 0.75.
 */
const createTextTable = (table: string): string =>
  `CREATE VIRTUAL TABLE IF NOT EXISTS ${table} USING fts5("text", content='', contentless_delete=1,
   tokenize='porter unicode61 remove_diacritics 2')`;

/** Numbers of the namespaces that hold documents. There are as many as operators make keys for: they stay in memory. */
export class Namespaces {
  readonly #database: Database;
  readonly #ids: Map<string, number>;
  #lastId = 0;
  readonly #making = new Map<string, Promise<number>>();
  /** Those whose messages have an index. */
  readonly #withMessages: Set<number>;
  readonly #makingMessages = new Map<string, Promise<number>>();

  private constructor(database: Database, ids: Map<string, number>, withMessages: Set<number>) {
    this.#database = database;
    this.#ids = ids;
    this.#withMessages = withMessages;
  }

  static async open(database: Database): Promise<Namespaces> {
    const rows = await database.all<{ id: number; name: string }>(
      `SELECT "id", "name" FROM "RagNamespace" LIMIT 100000`,
    );
    const indexed = await database.all<{ id: number }>(
      `SELECT "namespaceId" AS "id" FROM "MessageTextIndex" LIMIT 100000`,
    );
    return new Namespaces(
      database,
      new Map(rows.map(({ id, name }) => [name, id])),
      new Set(indexed.map(({ id }) => id)),
    );
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

  /** The namespace's number; an index for its messages is made with the first. Those stored before it are yet to be indexed. */
  async requireMessages(name: string): Promise<number> {
    const known = this.#ids.get(name);
    if (known !== undefined && this.#withMessages.has(known)) return known;
    const making =
      this.#makingMessages.get(name) ?? this.#makeMessages(name).finally(() => this.#makingMessages.delete(name));
    this.#makingMessages.set(name, making);
    return making;
  }

  async #makeMessages(name: string): Promise<number> {
    const id = await this.require(name);
    await this.#database.write([
      { sql: createTextTable(messageTextTable(id)) },
      {
        sql: `INSERT OR IGNORE INTO "MessageTextIndex" ("namespaceId", "belowId")
              SELECT ?, COALESCE(MAX("id"), 0) + 1 FROM "ConversationMessage" WHERE "namespace" = ?`,
        params: [id, name],
      },
    ]);
    this.#withMessages.add(id);
    return id;
  }

  async #make(name: string): Promise<number> {
    const id = Math.max(this.#lastId, ...this.#ids.values()) + 1;
    this.#lastId = id;
    await this.#database.write([
      { sql: createTextTable(textTable(id)) },
      { sql: `INSERT INTO "RagNamespace" ("id", "name") VALUES (?, ?)`, params: [id, name] },
    ]);
    this.#ids.set(name, id);
    return id;
  }
}
