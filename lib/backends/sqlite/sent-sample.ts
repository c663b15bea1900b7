import type { Database, Statement } from "../../ports/database.ts";
import type { SentVectors } from "../../ports/vector-rows.ts";
import { KeyedLock } from "../../shared/keyed-lock.ts";
import { dialectOf } from "../dialect.ts";

/** Of each collection at most so many vectors are kept as they were sent, and at most so many bytes of them. */
export const MOST_SENT = 8_192;
export const MOST_SENT_BYTES = 4 * 1_048_576;

interface Kept {
  /** Of the rows one in 2^shift is kept. */
  shift: number;
  /** At most so many are there now: replaced ones count twice until they are counted again. */
  count: number;
}

const KEEP = `INSERT INTO "VectorSent" ("row", "collectionId", "vector")
  SELECT ?, "id", ? FROM "VectorCollection" WHERE "id" = ?
  ON CONFLICT ("row") DO UPDATE SET "vector" = excluded."vector"`;
/** As `isKept` reckons. SQLite's integers have 64 bits, and the product has 52. */
const HASH = `(("row" % 1048576) * 2654435761 % 4294967296)`;

/**
 * An even sample of each collection's vectors as they were sent, beside what their precision stores: what recall is measured against. While a collection is
 * small the sample is all of it; whenever it would pass its bound, the half whose rows hash high goes.
 */
export class SentSample {
  readonly #database: Database;
  readonly #locks = new KeyedLock();
  readonly #kept = new Map<number, Kept>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** What to write beside these rows; room for it has been made. A row of -1 is not written. */
  keep(collectionId: number, rows: readonly number[], sent: (index: number) => Float32Array): Promise<Statement[]> {
    return this.#locks.run(String(collectionId), async () => {
      const kept = await this.#of(collectionId);
      let wanted = chosen(rows, kept.shift);
      if (wanted.length === 0) return [];
      const first = sent(wanted[0] ?? 0);
      const most = Math.min(MOST_SENT, Math.floor(MOST_SENT_BYTES / first.byteLength));
      if (kept.count + wanted.length > most) kept.count = await this.#count(collectionId);
      while (kept.count + wanted.length > most) {
        await this.#halve(collectionId, kept);
        wanted = chosen(rows, kept.shift);
      }
      kept.count += wanted.length;
      return wanted.map((index) => ({ sql: KEEP, params: [rows[index] ?? 0, bytesOf(sent(index)), collectionId] }));
    });
  }

  /** What to write when a collection goes. */
  drop(collectionId: number): Statement {
    this.#kept.delete(collectionId);
    return { sql: `DELETE FROM "VectorSent" WHERE "collectionId" = ?`, params: [collectionId] };
  }

  async page(collectionId: number, afterRow: number, limit: number): Promise<SentVectors> {
    const found = await this.#database.all<{ row: number; vector: Uint8Array }>(
      `SELECT "row", "vector" FROM "VectorSent" ${dialectOf(this.#database).indexedBy("VectorSent_collectionId_idx")}
       WHERE "collectionId" = ? AND "row" > ? ORDER BY "row" LIMIT ?`,
      [collectionId, afterRow, limit],
    );
    // A copy: a column's bytes may begin anywhere in a larger buffer.
    const vectors = found.map(({ vector }) => new Float32Array(new Uint8Array(vector).buffer));
    return { rows: found.map(({ row }) => row), vectors };
  }

  async #of(collectionId: number): Promise<Kept> {
    const known = this.#kept.get(collectionId);
    if (known) return known;
    const sql = `SELECT "sentShift" AS "shift" FROM "VectorCollection" WHERE "id" = ? LIMIT 1`;
    const [found] = await this.#database.all<{ shift: number }>(sql, [collectionId]);
    const kept = { shift: found?.shift ?? 0, count: await this.#count(collectionId) };
    if (found) this.#kept.set(collectionId, kept);
    return kept;
  }

  async #count(collectionId: number): Promise<number> {
    const sql = `SELECT count(*) AS "count" FROM "VectorSent" WHERE "collectionId" = ? LIMIT 1`;
    const [found] = await this.#database.all<{ count: number }>(sql, [collectionId]);
    return found?.count ?? 0;
  }

  async #halve(collectionId: number, kept: Kept): Promise<void> {
    kept.shift++;
    await this.#database.write([
      { sql: `UPDATE "VectorCollection" SET "sentShift" = ? WHERE "id" = ?`, params: [kept.shift, collectionId] },
      {
        sql: `DELETE FROM "VectorSent" WHERE "collectionId" = ? AND ${HASH} >= ?`,
        params: [collectionId, 2 ** (32 - kept.shift)],
      },
    ]);
    kept.count = await this.#count(collectionId);
  }
}

function chosen(rows: readonly number[], shift: number): number[] {
  return rows.flatMap((row, index) => (row >= 0 && isKept(row, shift) ? [index] : []));
}

/** Multiplying by the golden section spreads rows that follow one another evenly; the product is exact in a double. */
function isKept(row: number, shift: number): boolean {
  return ((row % 1_048_576) * 2_654_435_761) % 4_294_967_296 < 2 ** (32 - shift);
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}
