import type { Filter } from "../shared/filter.ts";
import type { VectorShape } from "./vector-rows.ts";

export interface CollectionInfo extends VectorShape {
  namespace: string;
  name: string;
  createdAtMs: number;
  /** Points in all, in the hot tier, with a code in memory but cold, and on disk alone. */
  points: number;
  hot: number;
  coded: number;
  diskOnly: number;
  /**
   * How far values as they come back lie from what was sent, over every vector written since the collection was made: replaced and removed ones stay in it.
   * Null before any was measured.
   */
  quantization: { meanError: number | null; maxError: number | null; vectors: number };
  /** Memory that the collection takes: its blocks, its index, ids and metadata of hot points. */
  bytes: number;
  searches: number;
  /** Matches that were hot when they were returned, and those that were not. */
  hits: number;
  misses: number;
  hitRatio: number | null;
  /** Vectors pushed out of the hot tier. */
  evictions: number;
}

/** A shape to create or confirm; without a precision any is confirmed, and int16 created. */
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
  code: "unprocessable" | "item-too-large";
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
  /** Vectors searched at full precision in memory, and elsewhere. */
  tier: { hot: number; cold: number };
  tookMs: number;
}

export interface Point {
  id: string;
  metadata: Record<string, unknown>;
  vector: number[];
}

export interface RecallReport {
  /** Queries made: points of the collection, each left out of its own answer. */
  sample: number;
  k: number;
  /** The share of an exact scan's answer that the present tiers found; null for fewer than two points. */
  recall: number | null;
  /** What the exact scan reads: the float32 vectors that were sent, or what is stored, where those are not kept. */
  against: "sent" | "stored";
  /** Points that both answers are drawn from: all that there are, or an even sample of them. */
  comparedPoints: number;
  points: number;
  tier: { hot: number; cold: number };
  tookMs: number;
}

/**
 * Named collections of vectors. Methods that name a collection throw AppError `not-found` where there is none,
 * and `unprocessable` for a vector that cannot be meant.
 */
export interface VectorIndex {
  /** Creates or confirms. @throws {AppError} `conflict` for another shape, or where there are too many. */
  create(
    namespace: string,
    name: string,
    shape: ShapeRequest,
  ): Promise<{ created: boolean; collection: CollectionInfo }>;
  collections(namespace: string): Promise<CollectionInfo[]>;
  collection(namespace: string, name: string): Promise<CollectionInfo>;
  drop(namespace: string, name: string): Promise<void>;
  /** Durable when it resolves. Points that cannot be stored are refused by index, the others land; of one id given twice the last lands. */
  upsert(
    namespace: string,
    name: string,
    points: readonly PointInput[],
  ): Promise<{ upserted: number; refused: Refusal[] }>;
  search(namespace: string, name: string, request: SearchRequest): Promise<SearchResult>;
  get(namespace: string, name: string, ids: readonly string[]): Promise<Point[]>;
  /** How many of them there were. */
  remove(namespace: string, name: string, ids: readonly string[]): Promise<number>;
  /** In the order of `cursor`, which is a point's place and only grows; `nextCursor` is null at the end. */
  list(
    namespace: string,
    name: string,
    page: { limit: number; cursor: number; filter: Filter | null },
  ): Promise<{ items: Omit<Point, "vector">[]; nextCursor: number | null }>;
  recall(namespace: string, name: string, sample: number): Promise<RecallReport>;
}
