import type { Database } from "../../ports/database.ts";

/** The full-text index of a namespace, for use in SQL; the number is ours, so nothing needs escaping. */
export const textTable = (namespaceId: number): string => `"RagText_${namespaceId}"`;

/** The same for a namespace's messages. */
export const messageTextTable = (namespaceId: number): string => `"MessageText_${namespaceId}"`;

/**
 * Contentless: the index keeps words and places, the passages are in RagChunk. Porter stems English words; other languages come in
 * as stems of their own, which it leaves alone. Accents do not count. FTS5's bm25() has k1 = 1.2 and b = 0.75.
 */
const createTextTable = (table: string): string =>
  `CREATE VIRTUAL TABLE IF NOT EXISTS ${table} USING fts5("text", content='', contentless_delete=1,
   tokenize='porter unicode61 remove_diacritics 2')`;

/** What has a full-text index of its own. */
export type Texts = "documents" | "messages";

const LANGUAGES: Readonly<Record<Texts, string>> = { documents: "documentLanguages", messages: "messageLanguages" };

interface Stored {
  id: number;
  name: string;
  documentLanguages: string;
  messageLanguages: string;
}

/** Numbers of the namespaces that hold documents. There are as many as operators make keys for: they stay in memory. */
export class Namespaces {
  readonly #database: Database;
  readonly #ids: Map<string, number>;
  #lastId = 0;
  readonly #making = new Map<string, Promise<number>>();
  /** Those whose messages have an index. */
  readonly #withMessages: Set<number>;
  readonly #makingMessages = new Map<string, Promise<number>>();
  /** Codes of the languages that texts are indexed in, by namespace. */
  readonly #languages: Readonly<Record<Texts, Map<number, readonly string[]>>>;

  private constructor(database: Database, rows: readonly Stored[], withMessages: Set<number>) {
    const codes = (list: string) => list.split(" ").filter((code) => code !== "");
    this.#database = database;
    this.#ids = new Map(rows.map(({ id, name }) => [name, id]));
    this.#withMessages = withMessages;
    this.#languages = {
      documents: new Map(rows.map(({ id, documentLanguages }) => [id, codes(documentLanguages)])),
      messages: new Map(rows.map(({ id, messageLanguages }) => [id, codes(messageLanguages)])),
    };
  }

  static async open(database: Database): Promise<Namespaces> {
    const rows = await database.all<Stored>(
      `SELECT "id", "name", "documentLanguages", "messageLanguages" FROM "RagNamespace" LIMIT 100000`,
    );
    const indexed = await database.all<{ id: number }>(
      `SELECT "namespaceId" AS "id" FROM "MessageTextIndex" LIMIT 100000`,
    );
    return new Namespaces(database, rows, new Set(indexed.map(({ id }) => id)));
  }

  idOf(name: string): number | null {
    return this.#ids.get(name) ?? null;
  }

  /** Codes of the languages that a namespace's texts are indexed in. */
  languages(name: string, texts: Texts): readonly string[] {
    return this.#languages[texts].get(this.#ids.get(name) ?? -1) ?? [];
  }

  /** Notes languages before texts are written in them: questions are asked in all of them, and never in too few. */
  async addLanguages(id: number, texts: Texts, codes: readonly string[]): Promise<void> {
    const held = this.#languages[texts].get(id) ?? [];
    const column = `"${LANGUAGES[texts]}"`;
    const missing = codes.filter((code) => !held.includes(code));
    if (missing.length === 0) return;
    await this.#database.write(
      missing.map((code) => ({
        sql: `UPDATE "RagNamespace" SET ${column} = trim(${column} || ' ' || ?1)
              WHERE "id" = ?2 AND instr(' ' || ${column} || ' ', ' ' || ?1 || ' ') = 0`,
        params: [code, id],
      })),
    );
    const now = this.#languages[texts].get(id) ?? [];
    this.#languages[texts].set(id, [...new Set([...now, ...missing])]);
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
      {
        sql: `INSERT INTO "RagNamespace" ("id", "name", "documentLanguages", "messageLanguages") VALUES (?, ?, '', '')`,
        params: [id, name],
      },
    ]);
    this.#ids.set(name, id);
    return id;
  }
}
