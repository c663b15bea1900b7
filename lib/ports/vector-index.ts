import type { Filter } from "../shared/filter.ts";
import type { VectorShape } from "./vector-rows.ts";

export interface CollectionInfo extends VectorShape {
  namespace: string;
  name: string;
  createdAtMs: number;
  /** Number of points: in total, in the hot tier, with a code in memory only, and only on disk. */
  points: number;
  hot: number;
  coded: number;
  diskOnly: number;
  /**
   * Difference between values returned and values sent, over all vectors ever written to the collection, including
   * replaced and removed ones. Null before the first measurement.
   */
  quantization: { meanError: number | null; maxError: number | null; vectors: number };
  /** Memory of the collection: blocks, index, and ids and metadata of hot points. */
  bytes: number;
  searches: number;
  /** Matches that were hot when they were returned, and those that were not. */
  hits: number;
  misses: number;
  hitRatio: number | null;
  /** Vectors evicted from the hot tier. */
  evictions: number;
}

/** A shape to create or confirm. Without a precision, any is confirmed, and int16 is created. */
export type ShapeRequest = Pick<VectorShape, "dimensions" | "metric"> & {
  precision?: VectorShape["precision"] | undefined;
};

export interface PointInput {
  id: string;
  vector: ArrayLike<number>;
  metadata?: Record<string, unknown> | undefined;
}

export interface Refusal {
  index: number;
  id: string;
  code: "unprocessable" | "item-too-large" | "quota-exceeded";
  reason: string;
  /** JSON Pointer into the point. */
  pointer: string;
}

export interface SearchRequest {
  vector: ArrayLike<number>;
  k?: number | undefined;
  filter?: Filter | undefined;
  exact?: boolean | undefined;
  includeVectors?: boolean | undefined;
  minScore?: number | undefined;
}

export interface Match {
  id: string;
  /** Cosine, dot product, or minus the Euclidean distance: larger is better. */
  score: number;
  metadata: Record<string, unknown>;
  vector?: number[];
}

export interface SearchResult {
  matches: Match[];
  /** Number of vectors searched at full precision in memory, and in the other tiers. */
  tier: { hot: number; cold: number };
  /** What `recall` measured last; null before that since the start, and for an exact search. */
  measuredRecall: number | null;
  /** Share of the vectors that were looked at. */
  scannedRatio: number;
  tookMs: number;
}

export interface Point {
  id: string;
  metadata: Record<string, unknown>;
  vector: number[];
}

export type ListedPoint = Omit<Point, "vector"> & { vector?: number[] };

export interface RecallReport {
  /** Number of queries: points of the collection, each excluded from its own result. */
  sample: number;
  k: number;
  /** Share of the exact scan's result that the search found; null for fewer than two points. */
  recall: number | null;
  /**
   * What the exact scan reads: the float32 vectors that were sent, or the stored values if the originals are not kept.
   */
  against: "sent" | "stored";
  /** Points that both results are drawn from: all points, or an even sample. */
  comparedPoints: number;
  points: number;
  tier: { hot: number; cold: number };
  tookMs: number;
}

/**
 * Named collections of vectors. Methods that name a collection throw AppError `not-found` where there is none,
 * and `unprocessable` for an invalid vector.
 */
export interface VectorIndex {
  /**
   * Creates or confirms. @throws {AppError} `conflict` for a different shape, or when there are too many collections.
   */
  create(
    namespace: string,
    name: string,
    shape: ShapeRequest,
  ): Promise<{ created: boolean; collection: CollectionInfo }>;
  collections(namespace: string): Promise<CollectionInfo[]>;
  collection(namespace: string, name: string): Promise<CollectionInfo>;
  drop(namespace: string, name: string): Promise<void>;
  /**
   * Durable when it resolves. Invalid points are refused by index, the others are stored; of a repeated id the last is
   * stored.
   */
  upsert(
    namespace: string,
    name: string,
    points: readonly PointInput[],
  ): Promise<{ upserted: number; refused: Refusal[] }>;
  /**
   * Replaces a point's metadata by what is made of it; the vector stays. Durable when it resolves.
   *
   * @throws {AppError} `not-found` for the point too, `item-too-large` for the metadata it makes.
   */
  changeMetadata(
    namespace: string,
    name: string,
    id: string,
    change: (metadata: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<Point>;
  search(namespace: string, name: string, request: SearchRequest): Promise<SearchResult>;
  get(namespace: string, name: string, ids: readonly string[]): Promise<Point[]>;
  /** Resolves to the number of points removed; with a filter, only of those that match it at that moment. */
  remove(namespace: string, name: string, ids: readonly string[], filter?: Filter | null): Promise<number>;
  /** In the order of `cursor`, a position that only grows; `nextCursor` is null at the end. */
  list(
    namespace: string,
    name: string,
    page: { limit: number; cursor: number; filter: Filter | null; includeVectors?: boolean | undefined },
  ): Promise<{ items: ListedPoint[]; nextCursor: number | null }>;
  /** How many points match, and the bytes of their vectors as they are stored. */
  measure(namespace: string, name: string, filter: Filter | null): Promise<{ count: number; bytes: number }>;
  recall(namespace: string, name: string, sample: number): Promise<RecallReport>;
}
