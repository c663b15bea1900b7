import {
  ANSWER_BOUNDS,
  ANSWERS_UNCOUNTED,
  type AnswerBounds,
  type AnswerRows,
  type KeptAnswer,
} from "../../ports/answer-rows.ts";
import type { Database } from "../../ports/database.ts";
import { dialectOf } from "../dialect.ts";

/** Of a row beside its headers and body: ids, hashes, and the index. */
const ROW_BYTES = 300;

const KEEP = `INSERT INTO "KeptAnswer"
  ("id", "namespace", "keptAtMs", "bytes", "fingerprint", "status", "headers", "body") VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT ("id") DO UPDATE SET "namespace" = excluded."namespace", "keptAtMs" = excluded."keptAtMs", "bytes" = excluded."bytes",
    "fingerprint" = excluded."fingerprint", "status" = excluded."status", "headers" = excluded."headers", "body" = excluded."body"`;
/** Reads the index alone, so that it costs the same for large bodies. */
const trim = (texts: (list: string) => string) => `DELETE FROM "KeptAnswer" WHERE "rowid" IN (
  SELECT "row" FROM (
    SELECT "rowid" AS "row", row_number() OVER newest AS "place", sum("bytes") OVER newest AS "upTo" FROM "KeptAnswer"
    WHERE "namespace" IN (${texts("?")})
    WINDOW newest AS (PARTITION BY "namespace" ORDER BY "keptAtMs" DESC, "rowid" DESC ROWS UNBOUNDED PRECEDING)
  ) AS "placed" WHERE "place" > ? OR "upTo" > ?)`;

interface Row {
  fingerprint: string;
  status: number;
  headers: string;
  body: Uint8Array | null;
}

/** First answers to requests with an Idempotency-Key, in a table that is trimmed as it grows. */
export class SqliteAnswerRows implements AnswerRows {
  readonly #database: Database;
  readonly #bounds: AnswerBounds;
  /** At most so many are there, of all namespaces; some of them may be forgotten by now. */
  #known = { answers: 0, bytes: 0 };
  #uncounted = { answers: 0, bytes: 0 };
  /** Who kept answers since all namespaces together were within one's bound: only they can have passed it. */
  readonly #grownNamespaces = new Set<string>();

  private constructor(database: Database, bounds: AnswerBounds) {
    this.#database = database;
    this.#bounds = bounds;
  }

  static async open(database: Database, bounds = ANSWER_BOUNDS): Promise<SqliteAnswerRows> {
    const rows = new SqliteAnswerRows(database, bounds);
    await rows.#count();
    return rows;
  }

  async find(id: string, sinceMs: number): Promise<KeptAnswer | null> {
    const [row] = await this.#database.all<Row>(
      `SELECT "fingerprint", "status", "headers", "body" FROM "KeptAnswer" WHERE "id" = ? AND "keptAtMs" > ? LIMIT 1`,
      [id, sinceMs],
    );
    if (!row) return null;
    const { fingerprint, status, headers, body } = row;
    return { fingerprint, status, headers: JSON.parse(headers) as Record<string, string>, body };
  }

  async keep(id: string, namespace: string, keptAtMs: number, answer: KeptAnswer): Promise<void> {
    const { fingerprint, status, body } = answer;
    const headers = JSON.stringify(answer.headers);
    const bytes = ROW_BYTES + headers.length + (body?.byteLength ?? 0);
    await this.#database.write([
      { sql: KEEP, params: [id, namespace, keptAtMs, bytes, fingerprint, status, headers, body] },
    ]);
    await this.#grown(namespace, bytes);
  }

  async forget(untilMs: number): Promise<void> {
    await this.#database.write([{ sql: `DELETE FROM "KeptAnswer" WHERE "keptAtMs" <= ?`, params: [untilMs] }]);
    await this.#count();
  }

  async #grown(namespace: string, bytes: number): Promise<void> {
    this.#grownNamespaces.add(namespace);
    const known = this.#known;
    const uncounted = this.#uncounted;
    known.answers++;
    known.bytes += bytes;
    uncounted.answers++;
    uncounted.bytes += bytes;
    if (known.answers <= this.#bounds.answers && known.bytes <= this.#bounds.bytes) return;
    if (uncounted.answers < ANSWERS_UNCOUNTED.answers && uncounted.bytes < ANSWERS_UNCOUNTED.bytes) return;
    // Before the first wait: of many that grow past the bound at once, one trims.
    this.#uncounted = { answers: 0, bytes: 0 };
    const namespaces = [...this.#grownNamespaces];
    this.#grownNamespaces.clear();
    const params = [JSON.stringify(namespaces), this.#bounds.answers, this.#bounds.bytes];
    try {
      await this.#database.write([{ sql: trim(dialectOf(this.#database).texts), params }]);
    } catch (error) {
      for (const name of namespaces) this.#grownNamespaces.add(name);
      throw error;
    }
    await this.#count();
  }

  async #count(): Promise<void> {
    const [row] = await this.#database.all<{ answers: number; bytes: number }>(
      `SELECT count(*) AS "answers", coalesce(sum("bytes"), 0) AS "bytes" FROM "KeptAnswer" LIMIT 1`,
    );
    this.#known = { answers: row?.answers ?? 0, bytes: row?.bytes ?? 0 };
    this.#uncounted = { answers: 0, bytes: 0 };
    const { answers, bytes } = this.#bounds;
    if (this.#known.answers <= answers && this.#known.bytes <= bytes) this.#grownNamespaces.clear();
  }
}
