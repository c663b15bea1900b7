/** An embedding on disk. */
export interface EmbeddingRow {
  /** SHA-256 of model and text. */
  hash: Uint8Array;
  vector: Uint8Array;
}

/** Vectors of texts, by model and hash. Bounded by whoever writes them, with `count` and `removeOldest`. */
export interface EmbeddingRows {
  /** Those that are there, each once and in any order. */
  find(model: string, hashes: readonly Uint8Array[]): Promise<(EmbeddingRow & { usedOn: number })[]>;
  /** Replaces what was there. No hash twice. */
  save(model: string, rows: readonly EmbeddingRow[], day: number): Promise<void>;
  /** Marks rows as used on that day, so that the least recently used are removed first. It turns no day back. */
  touch(model: string, hashes: readonly Uint8Array[], day: number): Promise<void>;
  /** Of all models. */
  count(): Promise<number>;
  /** Removes the `count` least recently used rows, of all models. @returns how many there were. */
  removeOldest(count: number): Promise<number>;
}
