import type { CollectionRecord, PointWrites, StoredError, StoredPoints, VectorRows } from "../ports/vector-rows.ts";
import { AppError } from "../shared/errors.ts";
import { compileFilter, type Filter } from "../shared/filter.ts";

interface StoredPoint {
  row: number;
  id: string;
  metadata: string | null;
  bytes: Uint8Array;
  sent: Float32Array | null;
}

/** VectorRows on plain maps: for tests and benchmarks of the engine. It outlives the stores opened on it, as a disk would. */
export class RowsInMemory implements VectorRows {
  readonly #records = new Map<number, CollectionRecord>();
  readonly #points = new Map<number, Map<string, StoredPoint>>();
  readonly #errors = new Map<number, StoredError>();
  #nextCollection = 1;
  #nextRow = 1;

  async collections() {
    return [...this.#records.values()].map((record) => ({
      ...record,
      ...this.#errorOf(record.id),
      count: this.#of(record.id).size,
    }));
  }

  async createCollection(fields: Omit<CollectionRecord, "id">): Promise<CollectionRecord> {
    const known = [...this.#records.values()].find(
      ({ namespace, name }) => namespace === fields.namespace && name === fields.name,
    );
    if (known) return known;
    const record = { ...fields, id: this.#nextCollection++ };
    this.#records.set(record.id, record);
    this.#points.set(record.id, new Map());
    return record;
  }

  async dropCollection(id: number): Promise<void> {
    this.#records.delete(id);
    this.#points.delete(id);
  }

  async upsert(collectionId: number, writes: PointWrites) {
    const points = this.#points.get(collectionId);
    if (!points) throw new AppError("not-found", "The collection has been deleted.");
    const before = points.size;
    const size = writes.bytes.byteLength / writes.ids.length;
    const rows = writes.ids.map((id, i) => {
      const row = points.get(id)?.row ?? this.#nextRow++;
      const bytes = new Uint8Array(writes.bytes.slice(i * size, (i + 1) * size));
      points.set(id, { row, id, metadata: writes.metadata[i] ?? null, bytes, sent: writes.sent?.(i) ?? null });
      return row;
    });
    const { measured, errorSum, errorMax } = this.#errorOf(collectionId);
    this.#errors.set(collectionId, {
      measured: measured + writes.error.measured,
      errorSum: errorSum + writes.error.errorSum,
      errorMax: Math.max(errorMax, writes.error.errorMax),
    });
    return { rows, inserted: points.size - before };
  }

  async changeMetadata(collectionId: number, id: string, change: (metadata: string | null) => string | null) {
    const point = this.#of(collectionId).get(id);
    if (!point) return null;
    point.metadata = change(point.metadata);
    return pack([point]);
  }

  async read(collectionId: number, rows: readonly number[]): Promise<StoredPoints> {
    const wanted = new Set(rows);
    return pack([...this.#of(collectionId).values()].filter(({ row }) => wanted.has(row)));
  }

  async find(collectionId: number, ids: readonly string[]): Promise<StoredPoints> {
    const points = this.#of(collectionId);
    return pack(ids.flatMap((id) => points.get(id) ?? []));
  }

  async scan(collectionId: number, afterRow: number, limit: number): Promise<StoredPoints> {
    return pack(this.#inOrder(collectionId, afterRow).slice(0, limit));
  }

  async list(collectionId: number, afterRow: number, limit: number, filter: Filter | null) {
    const takes = filter ? compileFilter(filter) : () => true;
    const points = this.#inOrder(collectionId, afterRow).filter(({ metadata }) => takes(JSON.parse(metadata ?? "{}")));
    const { rows, ids, metadata } = pack(points.slice(0, limit));
    return { rows, ids, metadata };
  }

  async matching(collectionId: number, filter: Filter): Promise<number[]> {
    return (await this.list(collectionId, 0, Number.POSITIVE_INFINITY, filter)).rows;
  }

  async remove(collectionId: number, ids: readonly string[], filter: Filter | null = null): Promise<number[]> {
    const points = this.#of(collectionId);
    const takes = filter ? compileFilter(filter) : () => true;
    return [...new Set(ids)].flatMap((id) => {
      const metadata = points.get(id)?.metadata ?? null;
      if (!takes(metadata === null ? {} : JSON.parse(metadata))) return [];
      const row = points.get(id)?.row;
      points.delete(id);
      return row === undefined ? [] : [row];
    });
  }

  /** All that were sent: a test's collections are small. */
  async sent(collectionId: number, afterRow: number, limit: number) {
    const points = this.#inOrder(collectionId, afterRow).filter(({ sent }) => sent !== null);
    const page = points.slice(0, limit);
    return { rows: page.map(({ row }) => row), vectors: page.flatMap(({ sent }) => sent ?? []) };
  }

  #errorOf(collectionId: number): StoredError {
    return this.#errors.get(collectionId) ?? { measured: 0, errorSum: 0, errorMax: 0 };
  }

  #inOrder(collectionId: number, afterRow: number): StoredPoint[] {
    const points = [...this.#of(collectionId).values()].filter(({ row }) => row > afterRow);
    return points.sort((a, b) => a.row - b.row);
  }

  #of(collectionId: number): Map<string, StoredPoint> {
    return this.#points.get(collectionId) ?? new Map();
  }
}

function pack(points: readonly StoredPoint[]): StoredPoints {
  return {
    rows: points.map(({ row }) => row),
    ids: points.map(({ id }) => id),
    metadata: points.map(({ metadata }) => metadata),
    bytes: new Uint8Array(Buffer.concat(points.map(({ bytes }) => bytes))).buffer,
  };
}
