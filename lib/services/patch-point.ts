import type { Point, VectorIndex } from "../ports/vector-index.ts";
import type { Json } from "../shared/json-value.ts";
import { mergePatch } from "../stores/sessions/merge-patch.ts";

/** Merges a patch into a point's metadata (RFC 7396); null leaves none. @throws {AppError} as `VectorIndex.changeMetadata`. */
export function patchPoint(
  vectors: VectorIndex,
  namespace: string,
  name: string,
  id: string,
  patch: Readonly<Record<string, unknown>> | null,
): Promise<Point> {
  return vectors.changeMetadata(namespace, name, id, (before) =>
    patch === null ? {} : (mergePatch(before as Json, patch as Json) as Record<string, unknown>),
  );
}
