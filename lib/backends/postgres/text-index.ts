import type { Database, Statement } from "../../ports/database.ts";
import { dialectOf } from "../dialect.ts";
import type { IndexedText, Match, TextIndex, TextKind } from "../text-index.ts";
import { lexemesOf, wordsOf } from "./lexemes.ts";

/** Texts whose words go in one statement. */
const SLICE = 200;
/** As FTS5 has them. */
const [K1, B] = [1.2, 0.75];

/**
 * Words as `tsvector`, in one table and one GIN index for all namespaces. Each lexeme begins with its namespace's number, so that only
 * what the namespace has is looked at. Lexemes are made here: what Postgres would make of a text depends on the server's language.
 */
export class PostgresTextIndex implements TextIndex {
  readonly #database: Database;
  readonly #kind: TextKind;

  constructor(database: Database, kind: TextKind) {
    this.#database = database;
    this.#kind = kind;
  }

  create(): Statement[] {
    return [];
  }

  add(namespaceId: number, texts: readonly IndexedText[]): Statement[] {
    const { eachPart, numberAt } = dialectOf(this.#database);
    const part = `part."value"`;
    const statements: Statement[] = [];
    for (let from = 0; from < texts.length; from += SLICE) {
      const rows = texts.slice(from, from + SLICE).map((text) => rowOf(namespaceId, text));
      statements.push({
        sql: `INSERT INTO ${this.#words()} ("id", "namespaceId", "length", "words")
              SELECT ${numberAt(part, 0)}, CAST(?2 AS bigint), ${numberAt(part, 1)}, CAST(${part}->>2 AS tsvector) FROM ${eachPart("?1")}
              ON CONFLICT ("id") DO NOTHING`,
        params: [JSON.stringify(rows), namespaceId],
      });
    }
    return statements;
  }

  /** Messages of earlier versions, which no Postgres database has: all of them are indexed as they come. */
  addThose(): Statement[] {
    return [];
  }

  addStored(namespaceId: number, _: number, texts: () => readonly IndexedText[]): Statement[] {
    return this.add(namespaceId, texts());
  }

  remove(_: number, { sql, params = [] }: Statement): Statement[] {
    return [{ sql: `DELETE FROM ${this.#words()} WHERE "id" IN (${sql})`, params }];
  }

  async match(
    namespaceId: number,
    expression: string,
    limit: number,
    owners: readonly number[] | null,
  ): Promise<Match[]> {
    const { words, phrases } = termsOf(namespaceId, expression);
    if (words.length + phrases.length === 0) return [];
    const { numbers } = dialectOf(this.#database);
    const { table, owner } = this.#kind;
    const only =
      owners === null ? "" : `AND u."id" IN (SELECT "id" FROM "${table}" WHERE "${owner}" IN (${numbers("?6")}))`;
    return this.#database.all(
      `${this.#uses()}
       SELECT best."id", r."${owner}" AS "documentId", best."score" FROM (
         SELECT u."id", ${SCORE} AS "score" FROM "use" AS u JOIN "weight" AS w ON w."term" = u."term", "total" AS t
         WHERE true ${only} GROUP BY u."id" ORDER BY CAST(${SCORE} AS real) DESC, u."id" LIMIT ?5
       ) AS best JOIN "${table}" AS r ON r."id" = best."id" ORDER BY CAST(best."score" AS real) DESC, best."id"`,
      [
        namespaceId,
        [...words.map(quoted), ...phrases].join(" | "),
        JSON.stringify(words),
        JSON.stringify(phrases),
        limit,
        ...(owners === null ? [] : [JSON.stringify(owners)]),
      ],
    );
  }

  /** How often each term is in each text that has one, and what a term weighs: the rarer it is in the namespace, the more. */
  #uses(): string {
    const { texts } = dialectOf(this.#database);
    return `WITH "hit" AS MATERIALIZED (
        SELECT "id", "length", "words" FROM ${this.#words()} WHERE "namespaceId" = ?1 AND "words" @@ CAST(?2 AS tsquery)
      ), "use" AS MATERIALIZED (
        SELECT h."id", h."length", l."lexeme" AS "term", CAST(cardinality(l."positions") AS double precision) AS "times"
        FROM "hit" AS h CROSS JOIN LATERAL unnest(h."words") AS l("lexeme", "positions", "weights") WHERE l."lexeme" IN (${texts("?3")})
        UNION ALL SELECT h."id", h."length", p."value", 1
        FROM "hit" AS h JOIN (${texts("?4")}) AS p ON h."words" @@ CAST(p."value" AS tsquery)
      ), "total" AS (
        SELECT CAST(count(*) AS double precision) AS "texts", CAST(avg("length") AS double precision) AS "mean"
        FROM ${this.#words()} WHERE "namespaceId" = ?1
      ), "weight" AS (
        SELECT "term", GREATEST(0.000001, ln((max(t."texts") - count(*) + 0.5) / (count(*) + 0.5))) AS "idf"
        FROM "use", "total" AS t GROUP BY "term"
      )`;
  }

  #words(): string {
    return `"${this.#kind.table}Words"`;
  }
}

/** Okapi BM25. @see Robertson and Zaragoza 2009, https://doi.org/10.1561/1500000019 */
const SCORE = `sum(w."idf" * u."times" * ${K1 + 1} / (u."times" + ${K1} * (${1 - B} + ${B} * u."length" / GREATEST(1, t."mean"))))`;

/** Letters and digits alone: nothing in them is syntax. */
const quoted = (word: string) => `'${word}'`;

function rowOf(namespaceId: number, { id, words }: IndexedText): [number, number, string] {
  const { lexemes, length } = lexemesOf(typeof words === "string" ? words : Buffer.from(words).toString("utf8"));
  const vector = lexemes.map(({ word, places }) => `'${namespaceId}:${word}':${places.join(",")}`);
  return [id, length, vector.join(" ")];
}

/** `"term" OR "two words"` as lexemes, and as phrases of lexemes that follow one another. */
function termsOf(namespaceId: number, expression: string): { words: string[]; phrases: string[] } {
  const words = new Set<string>();
  const phrases = new Set<string>();
  for (const [, term = ""] of expression.matchAll(/"([^"]*)"/g)) {
    const lexemes = wordsOf(term).map((word) => `${namespaceId}:${word}`);
    const [only] = lexemes;
    if (lexemes.length === 1 && only !== undefined) words.add(only);
    else if (lexemes.length > 1) phrases.add(`(${lexemes.map(quoted).join(" <-> ")})`);
  }
  return { words: [...words], phrases: [...phrases] };
}
