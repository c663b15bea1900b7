import type { Filter } from "../shared/filter.ts";

export type Metric = "cosine" | "dot" | "euclidean";
/** `float16` is IEEE half; `int16` is 16 bits a value on the vector's own scale. */
export type Precision = "float32" | "float16" | "int16" | "int8";

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
  /** What its precision was called when an earlier version made it; null for those made since. */
  formerPrecision: Precision | null;
}

/** How far stored vectors lie from what was sent, value by value. It only grows: vectors replaced and removed stay in it. */
export interface StoredError {
  /** Vectors that were measured when they were written. */
  measured: number;
  errorSum: number;
  errorMax: number;
}

/** A collection as it is found on disk. */
export type StoredCollection = CollectionRecord & StoredError & { count: number };

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
  error: StoredError;
  /** A vector as it was sent, in float32: for the few that are kept so. Null where the precision keeps it anyway. */
  sent: ((index: number) => Float32Array) | null;
}

/** Vectors as they were sent, in the order of their rows. */
export interface SentVectors {
  rows: number[];
  vectors: Float32Array[];
}

/**
 * Where vectors live: complete and durable. Whatever resolves has happened: a write is committed, and it resolves in the order of the commits.
 * Reads see every write that has resolved.
 */
export interface VectorRows {
  /** Every collection with the number of its points. */
  collections(): Promise<StoredCollection[]>;
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
  /**
   * The next vectors after `afterRow` of those kept as they were sent; fewer than `limit` only at the end. All of a small collection are, of a large one an even
   * sample: at most 8,192 and 4 MiB a collection.
   */
  sent(collectionId: number, afterRow: number, limit: number): Promise<SentVectors>;
}
