import Libsql from "libsql";
import { indexWords } from "../index-words.ts";
import { keywordExpression } from "../keyword-query.ts";

/** A full-text index as a namespace has it, in memory; texts are known by their place. */
export class WordsIndex {
  readonly #database = new Libsql(":memory:");
  readonly #languages = new Set<string>();
  #items = 0;

  constructor() {
    this.#database.exec(
      `CREATE VIRTUAL TABLE t USING fts5("text", content='', contentless_delete=1, tokenize='porter unicode61 remove_diacritics 2')`,
    );
  }

  get languages(): string[] {
    return [...this.#languages];
  }

  /** @param tag BCP 47. @returns what was written. */
  async add(text: string, tag: string | null = null): Promise<string> {
    const whole = [{ start: 0, end: text.length }];
    const { words, languages } = await indexWords(text, whole, tag, this.languages);
    for (const code of languages) this.#languages.add(code);
    const written = words?.[0] === undefined ? text : Buffer.from(words[0]).toString();
    this.#database.prepare("INSERT INTO t (rowid, text) VALUES (?, ?)").run([this.#items++, written]);
    return written;
  }

  /** As an earlier version wrote it. */
  addEarlier(text: string): void {
    this.#languages.add("en");
    this.#database.prepare("INSERT INTO t (rowid, text) VALUES (?, ?)").run([this.#items++, text]);
  }

  /** Places of the texts that the words find, best first. */
  async find(question: string): Promise<number[]> {
    const expression = await keywordExpression(question, this.languages);
    if (expression === null) return [];
    const found = this.#database.prepare("SELECT rowid AS id FROM t WHERE t MATCH ? ORDER BY rank, rowid LIMIT 10");
    return (found.all([expression]) as { id: number }[]).map(({ id }) => id);
  }
}
