import type { PointInput, Refusal } from "../../../ports/vector-index.ts";
import type { VectorShape } from "../../../ports/vector-rows.ts";
import { METADATA_BYTES, storedProblem } from "../store/vector-check.ts";

export interface Accepted {
  point: PointInput;
  metadata: string | null;
}

/** Parts the points that can be stored from those that cannot; of one id given twice the last stays. */
export function siftPoints(
  shape: VectorShape,
  points: readonly PointInput[],
): { accepted: Accepted[]; refused: Refusal[] } {
  const accepted = new Map<string, Accepted>();
  const refused: Refusal[] = [];
  for (const [index, point] of points.entries()) {
    const metadata = point.metadata && Object.keys(point.metadata).length > 0 ? JSON.stringify(point.metadata) : null;
    const problem = storedProblem(shape, point.vector);
    if (metadata !== null && Buffer.byteLength(metadata) > METADATA_BYTES) {
      const limit = `metadata is over ${METADATA_BYTES.toLocaleString("en-US")} bytes of JSON`;
      refused.push({ index, id: point.id, code: "item-too-large", reason: limit, pointer: "/metadata" });
    } else if (problem) {
      const { reason, pointer } = problem;
      refused.push({ index, id: point.id, code: "unprocessable", reason, pointer: `/vector${pointer}` });
    } else accepted.set(point.id, { point, metadata });
  }
  return { accepted: [...accepted.values()], refused };
}
