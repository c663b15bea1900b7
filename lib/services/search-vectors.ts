import type { OneSearch, SearchAnswer } from "../contracts/vectors.ts";
import type { SearchRequest, VectorIndex } from "../ports/vector-index.ts";
import { AppError } from "../shared/errors.ts";
import type { Filter } from "../shared/filter.ts";

const DEFAULT_K = 10;
const DEFAULT_RECALL = 0.99;

interface Parts {
  vectors: Pick<VectorIndex, "collection" | "get" | "search">;
  /** The vector of a text by the embedding model. */
  embed(namespace: string, text: string): Promise<ArrayLike<number>>;
}

export type VectorSearchInput = Omit<OneSearch, "filter"> & { filter?: Filter | undefined };

/**
 * Searches by a vector, by a text, or by a point that is stored.
 * @throws {AppError} `not-found` for a collection or point that is not there, `unprocessable` for a vector that does not
 * fit, and those of the embedding model.
 */
export async function searchVectors(
  parts: Parts,
  namespace: string,
  name: string,
  { text, id, includeSelf, recallTarget, vector, k = DEFAULT_K, ...rest }: VectorSearchInput,
): Promise<SearchAnswer> {
  const target = rest.exact ? 1 : (recallTarget ?? DEFAULT_RECALL);
  const request: SearchRequest = { ...rest, k, vector: vector ?? [] };
  if (text !== undefined) request.vector = await vectorOfText(parts, namespace, name, text);
  const excluded = id !== undefined && !includeSelf ? id : null;
  if (id !== undefined) request.vector = await vectorOfPoint(parts, namespace, name, id);
  // The point itself takes a place.
  if (excluded !== null) request.k = k + 1;
  const { matches, measuredRecall, ...found } = await parts.vectors.search(namespace, name, request);
  const others = excluded === null ? matches : matches.filter((match) => match.id !== excluded).slice(0, k);
  return { matches: others, ...found, recall: { target, measured: measuredRecall } };
}

async function vectorOfText(
  { vectors, embed }: Parts,
  namespace: string,
  name: string,
  text: string,
): Promise<ArrayLike<number>> {
  const { dimensions } = await vectors.collection(namespace, name);
  const vector = await embed(namespace, text);
  if (vector.length === dimensions) return vector;
  const message = `the model makes vectors of ${vector.length} numbers; this collection takes ${dimensions}`;
  throw new AppError("unprocessable", `A text cannot be searched for: ${message}.`, {
    errors: [{ path: "/text", message }],
  });
}

async function vectorOfPoint(
  { vectors }: Parts,
  namespace: string,
  name: string,
  id: string,
): Promise<ArrayLike<number>> {
  const [point] = await vectors.get(namespace, name, [id]);
  if (point) return point.vector;
  throw new AppError("not-found", "No point has this id.", {
    errors: [{ path: "/id", message: "no point has this id" }],
  });
}
