import { setImmediate } from "node:timers/promises";
import type { Database, Statement } from "../../ports/database.ts";
import { dialectOf } from "../dialect.ts";
import type { IndexedText, Match, TextIndex, TextKind } from "../text-index.ts";
import { lexemesOf, wordsOf } from "./lexemes.ts";

/** Texts whose words are made in one turn of the event loop, and go in one statement. */
const SLICE = 32;
/** Texts at least, of those with the weightiest terms, whose words are counted for one question. */
const LEAST_WEIGHED = 500;
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
    return texts.length === 0 ? [] : [this.#insert(namespaceId, texts)];
  }

  async addMany(namespaceId: number, texts: readonly IndexedText[]): Promise<Statement[]> {
    const statements: Statement[] = [];
    for (let from = 0; from < texts.length; from += SLICE) {
      statements.push(this.#insert(namespaceId, texts.slice(from, from + SLICE)));
      await setImmediate();
    }
    return statements;
  }

  #insert(namespaceId: number, texts: readonly IndexedText[]): Statement {
    const { eachPart, numberAt } = dialectOf(this.#database);
    const part = `part."value"`;
    return {
      sql: `INSERT INTO ${this.#words()} ("id", "namespaceId", "length", "words")
            SELECT ${numberAt(part, 0)}, CAST(?2 AS bigint), ${numberAt(part, 1)}, CAST(${part}->>2 AS tsvector) FROM ${eachPart("?1")}
            ON CONFLICT ("id") DO NOTHING`,
      params: [JSON.stringify(texts.map((text) => rowOf(namespaceId, text))), namespaceId],
    };
  }

  /** Messages of earlier versions, which no Postgres database has: all of them are indexed as they come. */
  addThose(): Statement[] {
    return [];
  }

  addStored(namespaceId: number, _: number, texts: () => readonly IndexedText[]): Promise<Statement[]> {
    return this.addMany(namespaceId, texts());
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
    const terms = termsOf(namespaceId, expression);
    if (terms.length === 0) return [];
    const { table, owner } = this.#kind;
    return this.#database.all(
      `${this.#uses(owners !== null)}
       SELECT best."id", r."${owner}" AS "documentId", best."score" FROM (
         SELECT u."id", ${SCORE} AS "score" FROM "use" AS u JOIN "weight" AS w ON w."place" = u."place", "total" AS t
         GROUP BY u."id" ORDER BY CAST(${SCORE} AS real) DESC, u."id" LIMIT ?4
       ) AS best JOIN "${table}" AS r ON r."id" = best."id" ORDER BY CAST(best."score" AS real) DESC, best."id"`,
      [
        terms.map(({ query }) => query).join(" | "),
        JSON.stringify(terms.map(({ lexeme, query }) => [lexeme, query])),
        namespaceId,
        limit,
        Math.max(LEAST_WEIGHED, 2 * limit),
        ...(owners === null ? [] : [JSON.stringify(owners)]),
      ],
    );
  }

  /**
   * Which texts have which terms, and what a term weighs: the rarer it is in the namespace, the more. How often a text has them is
   * looked up only in those whose terms weigh most, the shortest first: it means reading all of its words.
   */
  #uses(isOfSome: boolean): string {
    const { eachPart, numbers } = dialectOf(this.#database);
    const { table, owner } = this.#kind;
    const only = isOfSome ? `WHERE h."id" IN (SELECT "id" FROM "${table}" WHERE "${owner}" IN (${numbers("?6")}))` : "";
    return `WITH "hit" AS MATERIALIZED (
        SELECT "id", "length", "words" FROM ${this.#words()} WHERE "words" @@ CAST(?1 AS tsquery)
      ), "term" AS MATERIALIZED (
        SELECT part."key" AS "place", part."value"->>0 AS "lexeme", CAST(part."value"->>1 AS tsquery) AS "query" FROM ${eachPart("?2")}
      ), "has" AS MATERIALIZED (
        SELECT h."id", h."length", t."place" FROM "hit" AS h JOIN "term" AS t ON h."words" @@ t."query"
      ), "total" AS MATERIALIZED (
        SELECT CAST(count(*) AS double precision) AS "texts", CAST(avg("length") AS double precision) AS "mean"
        FROM ${this.#words()} WHERE "namespaceId" = ?3
      ), "weight" AS MATERIALIZED (
        SELECT "place", GREATEST(0.000001, ln((max(t."texts") - count(*) + 0.5) / (count(*) + 0.5))) AS "idf"
        FROM "has", "total" AS t GROUP BY "place"
      ), "chosen" AS MATERIALIZED (
        SELECT h."id", h."length" FROM "has" AS h JOIN "weight" AS w ON w."place" = h."place" ${only}
        GROUP BY h."id", h."length" ORDER BY sum(w."idf") DESC, h."length", h."id" LIMIT ?5
      ), "use" AS MATERIALIZED (
        SELECT c."id", c."length", t."place", CAST(cardinality(l."positions") AS double precision) AS "times"
        FROM "chosen" AS c JOIN "hit" AS h ON h."id" = c."id"
          CROSS JOIN LATERAL unnest(h."words") AS l("lexeme", "positions", "weights") JOIN "term" AS t ON t."lexeme" = l."lexeme"
        UNION ALL SELECT c."id", c."length", t."place", 1
        FROM "chosen" AS c JOIN "has" AS h ON h."id" = c."id" JOIN "term" AS t ON t."place" = h."place" WHERE t."lexeme" IS NULL
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

/** A lexeme, or a phrase of lexemes that follow one another; and the query for it. */
interface Term {
  lexeme: string | null;
  query: string;
}

function termsOf(namespaceId: number, expression: string): Term[] {
  const terms = new Map<string, Term>();
  for (const [, term = ""] of expression.matchAll(/"([^"]*)"/g)) {
    const lexemes = wordsOf(term).map((word) => `${namespaceId}:${word}`);
    const [only] = lexemes;
    if (only === undefined) continue;
    const query = lexemes.length === 1 ? quoted(only) : `(${lexemes.map(quoted).join(" <-> ")})`;
    terms.set(query, { lexeme: lexemes.length === 1 ? only : null, query });
  }
  return [...terms.values()];
}
