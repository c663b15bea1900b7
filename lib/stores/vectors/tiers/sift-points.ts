import type { PointInput, Refusal } from "../../../ports/vector-index.ts";
import type { VectorShape } from "../../../ports/vector-rows.ts";
import type { AppError } from "../../../shared/errors.ts";
import { isOverMetadataLimit, metadataText, OVER_METADATA_LIMIT } from "../store/point-metadata.ts";
import { storedProblem } from "../store/vector-check.ts";

export interface Accepted {
  /** Its place among those that were sent. */
  index: number;
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
    const metadata = metadataText(point.metadata);
    const problem = storedProblem(shape, point.vector);
    if (isOverMetadataLimit(metadata)) {
      const refusal = { index, id: point.id, code: "item-too-large", reason: OVER_METADATA_LIMIT } as const;
      refused.push({ ...refusal, pointer: "/metadata" });
    } else if (problem) {
      const { reason, pointer } = problem;
      refused.push({ index, id: point.id, code: "unprocessable", reason, pointer: `/vector${pointer}` });
    } else accepted.set(point.id, { index, point, metadata });
  }
  return { accepted: [...accepted.values()], refused };
}

/**
 * Those of the accepted that the quota left no room for: they have no row.
 * @throws {AppError} `refusal` itself where no point was written.
 */
export function refusedBy(refusal: AppError, accepted: readonly Accepted[], rows: readonly number[]): Refusal[] {
  if (rows.every((row) => row < 0)) throw refusal;
  return accepted
    .filter((_, at) => (rows[at] ?? -1) < 0)
    .map(({ index, point: { id } }) => ({ index, id, code: "quota-exceeded", reason: refusal.message, pointer: "" }));
}
