import type { Database, SqlValue, Statement } from "../../ports/database.ts";
import { NO_QUOTAS, type QuotaEntry, type Quotas } from "../../ports/namespace-quotas.ts";
import type {
  CollectionRecord,
  PointWrites,
  StoredCollection,
  StoredError,
  StoredPoints,
  VectorRows,
} from "../../ports/vector-rows.ts";
import { AppError } from "../../shared/errors.ts";
import { compileFilter, type Filter } from "../../shared/filter.ts";
import { betweenNodes } from "../between-nodes.ts";
import { type Dialect, dialectOf } from "../dialect.ts";
import { openRowNumbers, type RowNumbers } from "../row-numbers.ts";
import { IdLocks } from "./id-locks.ts";
import { type PointRow, pack } from "./packed-points.ts";
import { growthOf, mostOf, sizeOfMetadata } from "./point-sizes.ts";
import { byIds, byRows, CHANGE_METADATA, POINT, RECORD, UPSERT } from "./point-statements.ts";
import { writeWithin } from "./quota-write.ts";
import { SentSample } from "./sent-sample.ts";

/** Points deleted in one transaction: short enough that other writes do not wait. */
const DELETE_SLICE = 1_000;
/** Metadata read at a time when a filter is evaluated. */
const FILTER_PAGE = 1_000;

/** VectorRows, on either database. */
export class SqliteVectorRows implements VectorRows {
  readonly #database: Database;
  readonly #locks = new IdLocks();
  readonly #sample: SentSample;
  readonly #onError: (error: unknown) => void;
  readonly #quotas: Quotas;
  readonly #numbers: RowNumbers;
  readonly #dialect: Dialect;
  readonly #byIds: string;
  #clearing: Promise<void> = Promise.resolve();

  private constructor(database: Database, numbers: RowNumbers, onError: (error: unknown) => void, quotas: Quotas) {
    this.#database = database;
    this.#quotas = quotas;
    this.#sample = new SentSample(database);
    this.#numbers = numbers;
    this.#dialect = dialectOf(database);
    this.#byIds = byIds(this.#dialect);
    this.#onError = onError;
  }

  /** @param onError is told when points of a dropped collection could not be deleted; the next start tries again. */
  static async open(
    database: Database,
    onError: (error: unknown) => void,
    quotas: Quotas = NO_QUOTAS,
  ): Promise<SqliteVectorRows> {
    const rows = new SqliteVectorRows(database, await openRowNumbers(database, ["VectorPoint"]), onError, quotas);
    const orphans = await database.all<{ id: number }>(
      `SELECT DISTINCT "collectionId" AS "id" FROM "VectorPoint"
       WHERE "collectionId" NOT IN (SELECT "id" FROM "VectorCollection") LIMIT 10000`,
    );
    for (const { id } of orphans) rows.#clear(id);
    return rows;
  }

  /** Resolves when the points of dropped collections are gone. */
  cleared(): Promise<void> {
    return this.#clearing;
  }

  collections() {
    return this.#database.all<StoredCollection>(
      `SELECT ${RECORD}, "measured", "errorSum", "errorMax", (SELECT count(*) FROM "VectorPoint" WHERE "collectionId" = "VectorCollection"."id") AS "count"
       FROM "VectorCollection" ORDER BY "id" LIMIT 100000`,
    );
  }

  async createCollection(fields: Omit<CollectionRecord, "id">): Promise<CollectionRecord> {
    const { namespace, name, dimensions, metric, precision, createdAtMs, formerPrecision } = fields;
    await this.#database.write([
      {
        // It may be there: written by a call that then could not read it back.
        sql: `INSERT INTO "VectorCollection"
          ("namespace", "name", "dimensions", "metric", "precision", "createdAtMs", "formerPrecision")
          VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        params: [namespace, name, dimensions, metric, precision, createdAtMs, formerPrecision],
      },
    ]);
    const [record] = await this.#database.all<CollectionRecord>(
      `SELECT ${RECORD} FROM "VectorCollection" WHERE "namespace" = ? AND "name" = ? LIMIT 1`,
      [namespace, name],
    );
    if (!record) throw new Error(`the collection ${name} was written and is not there`);
    return record;
  }

  async dropCollection(id: number): Promise<void> {
    const statements = [{ sql: `DELETE FROM "VectorCollection" WHERE "id" = ?`, params: [id] }];
    await this.#database.write([...statements, this.#sample.drop(id)]);
    this.#clear(id);
  }

  upsert(collectionId: number, points: PointWrites) {
    return this.#locks.hold(lockNames(collectionId, points.ids), () =>
      betweenNodes(this.#database, () => this.#upsert(collectionId, points)),
    );
  }

  async #upsert(collectionId: number, points: PointWrites) {
    const known = await this.#rowsOf(collectionId, points.ids);
    const gate = points.namespace === undefined ? null : this.#quotas.of(points.namespace);
    if (gate === null) return await this.#write(collectionId, points, known);
    const entry = await gate.enter(mostOf(points), () => growthOf(this.#database, collectionId, points));
    try {
      const refusal = entry.refused.size > 0 ? gate.exceeded() : null;
      return { ...(await this.#write(collectionId, points, known, entry)), refusal };
    } finally {
      entry.leave();
    }
  }

  /** Writes the points but those that the quota refuses. */
  async #write(collectionId: number, points: PointWrites, known: ReadonlyMap<string, number>, entry?: QuotaEntry) {
    const isRefused = (index: number) => entry?.refused.has(index) === true;
    const isNew = (id: string, index: number) => !isRefused(index) && !known.has(id);
    let next = await this.#numbers.take("VectorPoint", points.ids.filter(isNew).length);
    const rows = points.ids.map((id, index) => (isRefused(index) ? -1 : (known.get(id) ?? next++)));
    const size = points.bytes.byteLength / points.ids.length;
    const statements: Statement[] = [];
    let inserted = 0;
    for (const [i, id] of points.ids.entries()) {
      const row = rows[i] ?? -1;
      if (row < 0) continue;
      const vector = new Uint8Array(points.bytes, i * size, size);
      statements.push({ sql: UPSERT, params: [row, id, points.metadata[i] ?? null, vector, collectionId] });
      if (!known.has(id)) inserted++;
    }
    if (statements.length === 0) return { rows, inserted };
    statements.push(addError(this.#dialect, collectionId, points.error));
    if (points.sent) statements.push(...(await this.#sample.keep(collectionId, rows, points.sent)));
    const [written] = await this.#database.write(statements);
    if (written === 0) throw new AppError("not-found", "The collection has been deleted.");
    return { rows, inserted };
  }

  changeMetadata(
    collectionId: number,
    id: string,
    change: (metadata: string | null) => string | null,
    namespace?: string,
  ) {
    return this.#locks.hold(lockNames(collectionId, [id]), async () => {
      const found = await this.find(collectionId, [id]);
      if (found.rows.length === 0) return null;
      const metadata = change(found.metadata[0] ?? null);
      const params = [metadata, found.rows[0] ?? 0, collectionId];
      const write = () => this.#database.write([{ sql: CHANGE_METADATA, params }]);
      const gate = namespace === undefined ? null : this.#quotas.of(namespace);
      const sizeOf = (text: string | null) => ({ bytes: sizeOfMetadata(text), items: 0 });
      const before = async () => sizeOf(found.metadata[0] ?? null);
      const [changed] = gate === null ? await write() : await writeWithin(gate, sizeOf(metadata), before, write);
      if (changed === 0) throw new AppError("not-found", "The collection has been deleted.");
      return { ...found, metadata: [metadata] };
    });
  }

  async read(collectionId: number, rows: readonly number[]): Promise<StoredPoints> {
    return pack(await this.#database.all<PointRow>(byRows(this.#dialect), [JSON.stringify(rows), collectionId]));
  }

  async find(collectionId: number, ids: readonly string[]): Promise<StoredPoints> {
    return pack(
      await this.#database.all<PointRow>(`SELECT ${POINT} ${this.#byIds}`, [collectionId, JSON.stringify(ids)]),
    );
  }

  async scan(collectionId: number, afterRow: number, limit: number): Promise<StoredPoints> {
    return pack(await this.#page<PointRow>(POINT, collectionId, afterRow, limit));
  }

  async list(collectionId: number, afterRow: number, limit: number, filter: Filter | null) {
    const takes = filter ? compileFilter(filter) : null;
    const found: Omit<PointRow, "vector">[] = [];
    const size = takes ? FILTER_PAGE : limit;
    for (let after = afterRow; found.length < limit; ) {
      const page = await this.#page<Omit<PointRow, "vector">>(
        `"row", "pointId", "metadata"`,
        collectionId,
        after,
        size,
      );
      found.push(...page.filter(({ metadata }) => !takes || takes(JSON.parse(metadata ?? "{}"))));
      if (page.length < size) break;
      after = page.at(-1)?.row ?? after;
    }
    const points = found.slice(0, limit);
    return {
      rows: points.map(({ row }) => row),
      ids: points.map(({ pointId }) => pointId),
      metadata: points.map(({ metadata }) => metadata),
    };
  }

  async matching(collectionId: number, filter: Filter): Promise<number[]> {
    const takes = compileFilter(filter);
    const rows: number[] = [];
    for (let after = 0; ; ) {
      const page = await this.#page<{ row: number; metadata: string | null }>(
        `"row", "metadata"`,
        collectionId,
        after,
        FILTER_PAGE,
      );
      for (const { row, metadata } of page) if (takes(metadata === null ? {} : JSON.parse(metadata))) rows.push(row);
      if (page.length < FILTER_PAGE) return rows;
      after = page.at(-1)?.row ?? after;
    }
  }

  remove(collectionId: number, ids: readonly string[], filter: Filter | null = null): Promise<number[]> {
    return this.#locks.hold(lockNames(collectionId, ids), async () => {
      const rows = filter
        ? await this.#rowsThatMatch(collectionId, ids, filter)
        : [...(await this.#rowsOf(collectionId, ids)).values()];
      if (rows.length === 0) return [];
      const those = `"row" IN (${this.#dialect.numbers("?")})`;
      const params = [JSON.stringify(rows)];
      await this.#database.write([
        { sql: `DELETE FROM "VectorPoint" WHERE ${those}`, params },
        { sql: `DELETE FROM "VectorSent" WHERE ${those}`, params },
      ]);
      return rows;
    });
  }

  sent(collectionId: number, afterRow: number, limit: number) {
    return this.#sample.page(collectionId, afterRow, limit);
  }

  async #rowsOf(collectionId: number, ids: readonly string[]): Promise<Map<string, number>> {
    const sql = `SELECT "row", "pointId" ${this.#byIds}`;
    const found = await this.#database.all<{ row: number; pointId: string }>(sql, [collectionId, JSON.stringify(ids)]);
    return new Map(found.map(({ row, pointId }) => [pointId, row]));
  }

  async #rowsThatMatch(collectionId: number, ids: readonly string[], filter: Filter): Promise<number[]> {
    const takes = compileFilter(filter);
    const sql = `SELECT "row", "metadata" ${this.#byIds}`;
    const found = await this.#database.all<{ row: number; metadata: string | null }>(sql, [
      collectionId,
      JSON.stringify(ids),
    ]);
    return found.filter(({ metadata }) => takes(metadata === null ? {} : JSON.parse(metadata))).map(({ row }) => row);
  }

  #page<Row>(columns: string, collectionId: number, afterRow: number, limit: number): Promise<Row[]> {
    const params: SqlValue[] = [collectionId, afterRow, limit];
    return this.#database.all<Row>(
      `SELECT ${columns} FROM "VectorPoint" ${this.#dialect.indexedBy("VectorPoint_collectionId_idx")}
       WHERE "collectionId" = ? AND "row" > ? ORDER BY "row" LIMIT ?`,
      params,
    );
  }

  #clear(collectionId: number): void {
    this.#clearing = this.#clearing.then(async () => {
      const sql = `DELETE FROM "VectorPoint" WHERE "row" IN
        (SELECT "row" FROM "VectorPoint" WHERE "collectionId" = ? LIMIT ${DELETE_SLICE})`;
      try {
        let deleted = DELETE_SLICE;
        while (deleted === DELETE_SLICE) [deleted = 0] = await this.#database.write([{ sql, params: [collectionId] }]);
      } catch (error) {
        this.#onError(error);
      }
    });
  }
}

function addError(
  { greatest }: Dialect,
  collectionId: number,
  { measured, errorSum, errorMax }: StoredError,
): Statement {
  const sql = `UPDATE "VectorCollection" SET "measured" = "measured" + ?, "errorSum" = "errorSum" + ?,
    "errorMax" = ${greatest}("errorMax", ?) WHERE "id" = ?`;
  return { sql, params: [measured, errorSum, errorMax, collectionId] };
}

function lockNames(collectionId: number, ids: readonly string[]): string[] {
  return ids.map((id) => `${collectionId}/${id}`);
}
