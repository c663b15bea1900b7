import type { PointWrites } from "../../lib/ports/vector-rows.ts";
import { RowsInMemory } from "../../lib/testing/vector-rows-in-memory.ts";

/** Rows that keep row numbers and no vectors: what is measured is then what memory holds of a hot collection, not the disk. */
export class ForgetfulRows extends RowsInMemory {
  override async upsert(_collectionId: number, writes: PointWrites) {
    // Ids of the benchmark are "v" and a number.
    const rows = writes.ids.map((id) => Number(id.slice(1)) + 1);
    return { rows, inserted: this.#countNew(rows) };
  }

  #highest = 0;
  #countNew(rows: readonly number[]): number {
    const fresh = rows.filter((row) => row > this.#highest).length;
    this.#highest = Math.max(this.#highest, ...rows);
    return fresh;
  }
}
