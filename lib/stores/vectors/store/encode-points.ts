import type { StoredError } from "../../../ports/vector-rows.ts";
import type { RowBatch } from "../codec/row-codec.ts";
import type { Accepted } from "../tiers/sift-points.ts";
import type { Turns } from "./turns.ts";

/** Points encoded between two pauses, in which others have their turn. */
const AT_ONCE = 64;

/** Encodes the points into the batch; resolves to how far that is from what was sent. */
export async function encodePoints(batch: RowBatch, points: readonly Accepted[], turns: Turns): Promise<StoredError> {
  const error = { measured: points.length, errorSum: 0, errorMax: 0 };
  for (const [index, { point }] of points.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await turns.share();
    batch.encode(index, point.vector);
    const { sum, largest } = batch.differences(index, point.vector);
    error.errorSum += sum;
    error.errorMax = Math.max(error.errorMax, largest);
  }
  return error;
}
