import type { Filter } from "../shared/filter.ts";

export type Metric = "cosine" | "dot" | "euclidean";
export type Precision = "float32" | "float16" | "int8";

/** A collection's shape; fixed when it is created. */
export interface VectorShape {
  dimensions: number;
  metric: Metric;
  precision: Precision;
}

export interface CollectionRecord extends VectorShape {
  id: number;
  namespace: string;
  name: string;
  createdAtMs: number;
}

/** Points as they are stored. Row numbers are the store's own: positive, whole, never two points' at once; an upsert keeps a point's row. */
export interface StoredPoints {
  rows: number[];
  ids: string[];
  /** JSON text; null where a point has none. */
  metadata: (string | null)[];
  /** The encoded vectors, one after another, `bytes.byteLength / rows.length` each. The receiver owns it. */
  bytes: ArrayBuffer;
}

export interface PointWrites {
  /** No id twice. */
  ids: string[];
  metadata: (string | null)[];
  bytes: ArrayBuffer;
}

/**
 * Where vectors live: complete and durable. Whatever resolves has happened: a write is committed, and it resolves in the order of the commits.
 * Reads see every write that has resolved.
 */
export interface VectorRows {
  /** Every collection with the number of its points. */
  collections(): Promise<(CollectionRecord & { count: number })[]>;
  /** The collection of this name: the one that is asked for, or what stands there already, which may have another shape. */
  createCollection(collection: Omit<CollectionRecord, "id">): Promise<CollectionRecord>;
  /** The name is free when it resolves; the points may go later, also after a restart. */
  dropCollection(id: number): Promise<void>;
  /**
   * Row numbers in the order of the ids, and how many of them are new.
   *
   * @throws {AppError} `not-found` when the collection has been dropped: nothing is left of the call.
   */
  upsert(collectionId: number, points: PointWrites): Promise<{ rows: number[]; inserted: number }>;
  /** Those of the rows that exist, in any order. */
  read(collectionId: number, rows: readonly number[]): Promise<StoredPoints>;
  find(collectionId: number, ids: readonly string[]): Promise<StoredPoints>;
  /** The next rows after `afterRow`, ascending; fewer than `limit` only at the end. */
  scan(collectionId: number, afterRow: number, limit: number): Promise<StoredPoints>;
  /** As `scan`, of points that the filter takes, without their vectors. */
  list(
    collectionId: number,
    afterRow: number,
    limit: number,
    filter: Filter | null,
  ): Promise<Omit<StoredPoints, "bytes">>;
  /** The rows that the filter takes. */
  matching(collectionId: number, filter: Filter): Promise<number[]>;
  /** The rows that were there. */
  remove(collectionId: number, ids: readonly string[]): Promise<number[]>;
}
