export interface PassageVector {
  /** A positive integer, unique over all scopes and never given out twice. */
  id: number;
  documentId: number;
  /** The code that lib/stores/rag/vector-code.ts writes. */
  vector: Uint8Array;
}

/**
 * The database as the source of vectors that the index does not hold. A scope is a namespace's passages or messages.
 */
export interface PassageVectorSource {
  /** Vectors after `afterId`, in the order of their ids; fewer than `limit` only at the end. */
  page(scope: string, afterId: number, limit: number): Promise<PassageVector[]>;
  /** Vectors that still exist, in any order. */
  byId(scope: string, ids: readonly number[]): Promise<PassageVector[]>;
}
