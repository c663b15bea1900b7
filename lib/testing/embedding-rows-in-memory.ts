import type { EmbeddingRow, EmbeddingRows } from "../ports/embedding-rows.ts";

const keyOf = (model: string, hash: Uint8Array) => `${model}:${Buffer.from(hash).toString("hex")}`;

/** Rows of embeddings in a map. */
export class EmbeddingRowsInMemory implements EmbeddingRows {
  readonly rows = new Map<string, EmbeddingRow & { usedOn: number }>();

  async find(model: string, hashes: readonly Uint8Array[]) {
    const keys = new Set(hashes.map((hash) => keyOf(model, hash)));
    return [...keys].flatMap((key) => this.rows.get(key) ?? []);
  }

  async save(model: string, rows: readonly EmbeddingRow[], day: number) {
    for (const row of rows) this.rows.set(keyOf(model, row.hash), { ...row, usedOn: day });
  }

  async touch(model: string, hashes: readonly Uint8Array[], day: number) {
    for (const row of await this.find(model, hashes)) row.usedOn = Math.max(row.usedOn, day);
  }

  async count() {
    return this.rows.size;
  }

  async removeOldest(count: number) {
    const oldest = [...this.rows].sort(([, a], [, b]) => a.usedOn - b.usedOn).slice(0, count);
    for (const [key] of oldest) this.rows.delete(key);
    return oldest.length;
  }
}
