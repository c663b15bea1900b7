export interface PassageVector {
  id: number;
  documentId: number;
  /** As lib/stores/rag/vector-code.ts writes it. */
  vector: Uint8Array;
}

/** Where the index reads vectors that it does not hold: the database. A scope is a namespace's passages, or its messages. */
export interface PassageVectorSource {
  /** Those after `afterId`, in the order of their ids; fewer than `limit` at the end. */
  page(scope: string, afterId: number, limit: number): Promise<PassageVector[]>;
  /** Those that still exist, in any order. */
  byId(scope: string, ids: readonly number[]): Promise<PassageVector[]>;
}
