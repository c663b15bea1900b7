import type { StoredPoints } from "../../ports/vector-rows.ts";

export interface PointRow {
  row: number;
  pointId: string;
  metadata: string | null;
  vector: ArrayBuffer;
}

/** Rows of one collection as the store takes them: vectors one after another. */
export function pack(points: readonly PointRow[]): StoredPoints {
  const size = points[0]?.vector.byteLength ?? 0;
  const bytes = new Uint8Array(size * points.length);
  for (const [i, { vector }] of points.entries()) bytes.set(new Uint8Array(vector), i * size);
  return {
    rows: points.map(({ row }) => row),
    ids: points.map(({ pointId }) => pointId),
    metadata: points.map(({ metadata }) => metadata),
    bytes: bytes.buffer,
  };
}
