import type { StoredPoints, VectorRows } from "../../../ports/vector-rows.ts";
import { RowBatch } from "../codec/row-codec.ts";
import type { RowFormat } from "../codec/row-format.ts";

const PAGE_BYTES = 524_288;

/** A collection's rows from disk in their order, a page at a time; the next page is read while this one is worked on. */
export async function* storedPages(
  rows: VectorRows,
  collectionId: number,
  { rowBytes }: RowFormat,
): AsyncGenerator<StoredPoints, void, void> {
  const limit = Math.max(16, Math.floor(PAGE_BYTES / rowBytes));
  let next = rows.scan(collectionId, 0, limit);
  try {
    for (;;) {
      const page = await next;
      const last = page.rows.at(-1);
      if (last === undefined) return;
      const more = page.rows.length === limit;
      if (more) next = rows.scan(collectionId, last, limit);
      yield page;
      if (!more) return;
    }
  } finally {
    // Whoever stops early waits for nothing, and nobody is left to hear of a failure.
    next.catch(() => undefined);
  }
}

/** The vectors of rows, as they are stored. A row that is gone is not among them. */
export async function readVectors(
  rows: VectorRows,
  collectionId: number,
  format: RowFormat,
  wanted: readonly number[],
): Promise<Map<number, number[]>> {
  const points = await rows.read(
    collectionId,
    wanted.toSorted((a, b) => a - b),
  );
  const batch = new RowBatch(format, points.rows.length, points.bytes);
  return new Map(points.rows.map((row, index) => [row, batch.original(index)]));
}

/** Values of a page: as JSON they take some 5 MB. */
const PAGE_VALUES = 262_144;
export const pageOf = (dimensions: number): number => Math.max(1, Math.floor(PAGE_VALUES / dimensions));
