import { z } from "zod";
import { AppError } from "../../shared/errors.ts";

const answerSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nullish(), embedding: z.array(z.number()) })),
});

/**
 * The vectors of an OpenAI-compatible answer, one per text, each where its `index` says. Services that work in parallel may
 * answer in any order, and the SDK takes vectors as they come. Where no item has an index, their order counts.
 *
 * @param body the answer's JSON.
 * @param count how many texts were sent.
 * @throws {AppError} `upstream-failed`, which names the text, when one is missing, doubled, of another length, or has no direction.
 */
export function answeredVectors(body: unknown, count: number): Float32Array[] {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) throw failed("responded without embeddings");
  const { data } = parsed.data;
  const isNumbered = data.some(({ index }) => index !== null && index !== undefined);
  const placed: (number[] | undefined)[] = Array.from({ length: count });
  for (const [at, { index, embedding }] of data.entries()) {
    const place = isNumbered ? index : at;
    if (place === null || place === undefined)
      throw failed(`returned item ${at} without an index, although others have one`);
    if (place < 0 || place >= count)
      throw failed(`returned a vector for text ${place}; the texts are 0 to ${count - 1}`);
    if (placed[place] !== undefined) throw failed(`returned two vectors for text ${place} of ${count}`);
    placed[place] = embedding;
  }
  const dimensions = placed[0]?.length ?? 0;
  return placed.map((vector, place) => usable(vector, place, { count, dimensions }));
}

function usable(
  vector: readonly number[] | undefined,
  place: number,
  { count, dimensions }: { count: number; dimensions: number },
): Float32Array {
  if (vector === undefined) throw failed(`returned no vector for text ${place} of ${count}`);
  if (vector.length === 0 || vector.length !== dimensions)
    throw failed(`returned ${vector.length} numbers for text ${place} of ${count}, but ${dimensions} for text 0`);
  const values = Float32Array.from(vector);
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  if (!(squares > 0) || !Number.isFinite(squares))
    throw failed(`returned a vector without direction for text ${place} of ${count}`);
  return values;
}

function failed(what: string): AppError {
  return new AppError("upstream-failed", `The embedding service ${what}.`);
}
