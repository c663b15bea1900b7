import type { CollectionInfo, ShapeRequest } from "../../../ports/vector-index.ts";
import { AppError } from "../../../shared/errors.ts";
import type { Collection } from "./collection.ts";

/** The collection, if it has the shape that is asked for. @throws {AppError} `conflict` if not. */
export function confirmed(collection: Collection, { dimensions, metric, precision }: ShapeRequest): Collection {
  const { record } = collection;
  const other = precision !== undefined && precision !== record.precision && precision !== record.formerPrecision;
  if (record.dimensions !== dimensions || record.metric !== metric || other) {
    const shape = `${record.dimensions} dimensions, ${record.metric}, ${record.precision}`;
    throw new AppError(
      "conflict",
      `The collection ${JSON.stringify(record.name)} already exists with a different shape: ${shape}.`,
    );
  }
  return collection;
}

/** A collection as it is told of. */
export function infoOf(collection: Collection): CollectionInfo {
  const { record, memory, count, hits, misses, searches, measured, errorSum, errorMax } = collection;
  const { evictions, bytes } = memory;
  const { dimensions, metric, precision, namespace, name, createdAtMs } = record;
  const coded = memory.count - memory.hotCount;
  const meanError = measured === 0 ? null : errorSum / (measured * dimensions);
  return {
    ...{ namespace, name, dimensions, metric, precision, createdAtMs },
    quantization: { meanError, maxError: measured === 0 ? null : errorMax, vectors: measured },
    ...{ points: count, hot: memory.hotCount, coded, diskOnly: Math.max(0, count - memory.count) },
    ...{ bytes, evictions, searches, hits, misses, hitRatio: hits + misses === 0 ? null : hits / (hits + misses) },
  };
}
