import type { AppError } from "../shared/errors.ts";
import type { Filter } from "../shared/filter.ts";

export type Metric = "cosine" | "dot" | "euclidean";
/** `float16` is IEEE half precision; `int16` is 16 bits per value, scaled per vector. */
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
  /** The name of the precision in the earlier version that created it; null for newer collections. */
  formerPrecision: Precision | null;
}

/** Difference between stored and sent values. It only grows: replaced and removed vectors stay included. */
export interface StoredError {
  /** Number of vectors measured when written. */
  measured: number;
  errorSum: number;
  errorMax: number;
}

/** A collection as read from disk. */
export type StoredCollection = CollectionRecord & StoredError & { count: number };

/** Points as stored. Row numbers are unique positive integers chosen by the store; an upsert keeps a point's row. */
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
  /** The vector as sent, in float32, for the few whose original is kept. Null where the precision keeps all values. */
  sent: ((index: number) => Float32Array) | null;
  /** Whose quota they count to; left out: nobody's. */
  namespace?: string;
}

/** Vectors as they were sent, in the order of their rows. */
export interface SentVectors {
  rows: number[];
  vectors: Float32Array[];
}

/**
 * The complete, durable storage of vectors. A write resolves when it is committed, in the order of the commits.
 * Reads see every write that has resolved.
 */
export interface VectorRows {
  /** Every collection with the number of its points. */
  collections(): Promise<StoredCollection[]>;
  /** Creates the collection, or returns the existing one of this name, which may have a different shape. */
  createCollection(collection: Omit<CollectionRecord, "id">): Promise<CollectionRecord>;
  /** The name is free when it resolves; the points may be deleted later, even after a restart. */
  dropCollection(id: number): Promise<void>;
  /**
   * Row numbers in the order of the ids, and how many of them are new. A point that would pass its namespace's quota is
   * not written: -1, and `refusal` says why.
   *
   * @throws {AppError} `not-found` when the collection has been deleted; the call then has no effect.
   */
  upsert(
    collectionId: number,
    points: PointWrites,
  ): Promise<{ rows: number[]; inserted: number; refusal?: AppError | null }>;
  /**
   * Replaces a point's metadata by what is made of it, in turn with other writes of the point; its row and vector stay.
   *
   * @returns the point as it is then; null where there is none.
   * @param namespace whose quota it counts to.
   * @throws {AppError} `not-found` as `upsert` does, `quota-exceeded`, and what `change` throws; nothing is changed then.
   */
  changeMetadata(
    collectionId: number,
    id: string,
    change: (metadata: string | null) => string | null,
    namespace?: string,
  ): Promise<StoredPoints | null>;
  /** The points of the given rows that exist, in any order. */
  read(collectionId: number, rows: readonly number[]): Promise<StoredPoints>;
  find(collectionId: number, ids: readonly string[]): Promise<StoredPoints>;
  /** The next rows after `afterRow`, ascending; fewer than `limit` only at the end. */
  scan(collectionId: number, afterRow: number, limit: number): Promise<StoredPoints>;
  /** Like `scan`, for points that match the filter, without their vectors. */
  list(
    collectionId: number,
    afterRow: number,
    limit: number,
    filter: Filter | null,
  ): Promise<Omit<StoredPoints, "bytes">>;
  /** The rows that match the filter. */
  matching(collectionId: number, filter: Filter): Promise<number[]>;
  /** The rows that existed; with a filter, those that match it when they are removed. */
  remove(collectionId: number, ids: readonly string[], filter?: Filter | null): Promise<number[]>;
  /**
   * The next kept originals after `afterRow`; fewer than `limit` only at the end. A small collection keeps all of them,
   * a large one an even sample: at most 8,192 and 4 MiB per collection.
   */
  sent(collectionId: number, afterRow: number, limit: number): Promise<SentVectors>;
}
