import type { Database } from "../../ports/database.ts";
import { openTextIndex } from "../open-text-index.ts";
import { openRowNumbers, type RowNumbers } from "../row-numbers.ts";
import { MESSAGES, PASSAGES, type TextIndex } from "../text-index.ts";

/** What has a full-text index of its own. */
export type Texts = "documents" | "messages";

const LANGUAGES: Readonly<Record<Texts, "documentLanguages" | "messageLanguages">> = {
  documents: "documentLanguages",
  messages: "messageLanguages",
};

interface Stored {
  id: number;
  name: string;
  documentLanguages: string;
  messageLanguages: string;
}

const STORED = `SELECT "id", "name", "documentLanguages", "messageLanguages" FROM "RagNamespace"`;
/** How old the languages of a namespace may be that other nodes write to as well. */
const READ_AGAIN_MS = 2_000;
const codesIn = (list: string): string[] => list.split(" ").filter((code) => code !== "");

/** Numbers of the namespaces that hold documents. There are as many as operators make keys for: they stay in memory. */
export class Namespaces {
  readonly #database: Database;
  readonly #numbers: RowNumbers;
  /** Whether other nodes write as well. */
  readonly #isShared: boolean;
  /** When languages were read last, on the line of `performance.now()`; as many as there are namespaces. */
  readonly #readAtMs = new Map<string, number>();
  readonly passages: TextIndex;
  readonly messages: TextIndex;
  readonly #ids: Map<string, number>;
  readonly #making = new Map<string, Promise<number>>();
  /** Those whose messages have an index. */
  readonly #withMessages: Set<number>;
  readonly #makingMessages = new Map<string, Promise<number>>();
  /** Codes of the languages that texts are indexed in, by namespace. */
  readonly #languages: Readonly<Record<Texts, Map<number, readonly string[]>>>;

  private constructor(database: Database, numbers: RowNumbers, rows: readonly Stored[], withMessages: Set<number>) {
    this.#database = database;
    this.#numbers = numbers;
    this.#isShared = database.dialect === "postgres";
    this.passages = openTextIndex(database, PASSAGES);
    this.messages = openTextIndex(database, MESSAGES);
    this.#ids = new Map(rows.map(({ id, name }) => [name, id]));
    this.#withMessages = withMessages;
    this.#languages = {
      documents: new Map(rows.map(({ id, documentLanguages }) => [id, codesIn(documentLanguages)])),
      messages: new Map(rows.map(({ id, messageLanguages }) => [id, codesIn(messageLanguages)])),
    };
  }

  static async open(database: Database): Promise<Namespaces> {
    const rows = await database.all<Stored>(`${STORED} LIMIT 100000`);
    const indexed = await database.all<{ id: number }>(
      `SELECT "namespaceId" AS "id" FROM "MessageTextIndex" LIMIT 100000`,
    );
    const numbers = await openRowNumbers(database, ["RagNamespace"]);
    return new Namespaces(database, numbers, rows, new Set(indexed.map(({ id }) => id)));
  }

  /** The namespace's number, if it has one. Of a server's, another node may have made it. */
  async find(name: string): Promise<number | null> {
    const known = this.#ids.get(name);
    if (known !== undefined || !this.#isShared) return known ?? null;
    return this.#read(name);
  }

  /** Codes of the languages that a namespace's texts are indexed in. What other nodes add is known some seconds later. */
  languages(name: string, texts: Texts): readonly string[] {
    if (this.#isShared) this.#readAgain(name);
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
              WHERE "id" = ?2 AND ' ' || ${column} || ' ' NOT LIKE '% ' || ?1 || ' %'`,
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
      ...this.messages.create(id),
      {
        sql: `INSERT INTO "MessageTextIndex" ("namespaceId", "belowId")
              SELECT ?, COALESCE(MAX("id"), 0) + 1 FROM "ConversationMessage" WHERE "namespace" = ? ON CONFLICT DO NOTHING`,
        params: [id, name],
      },
    ]);
    this.#withMessages.add(id);
    return id;
  }

  async #make(name: string): Promise<number> {
    const made = await this.#numbers.take("RagNamespace", 1);
    await this.#database.write([
      ...this.passages.create(made),
      {
        // Another node may have made it meanwhile.
        sql: `INSERT INTO "RagNamespace" ("id", "name", "documentLanguages", "messageLanguages") VALUES (?, ?, '', '')
              ON CONFLICT ("name") DO NOTHING`,
        params: [made, name],
      },
    ]);
    return (await this.#read(name)) ?? made;
  }

  async #read(name: string): Promise<number | null> {
    const [row] = await this.#database.all<Stored>(`${STORED} WHERE "name" = ? LIMIT 1`, [name]);
    if (!row) return null;
    this.#ids.set(name, row.id);
    for (const texts of ["documents", "messages"] as const) {
      const held = this.#languages[texts].get(row.id) ?? [];
      this.#languages[texts].set(row.id, [...new Set([...held, ...codesIn(row[LANGUAGES[texts]])])]);
    }
    return row.id;
  }

  #readAgain(name: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.#readAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < READ_AGAIN_MS) return;
    this.#readAtMs.set(name, nowMs);
    // What it finds is for the next question; a database that is away is told to others.
    this.#read(name).catch(() => undefined);
  }
}
