import type { VectorShape } from "../../ports/vector-rows.ts";

/** The largest finite float16. */
export const LARGEST_HALF = 65_504;
/** JSON text of one point's metadata, UTF-8. */
export const METADATA_BYTES = 16_384;
/** Squares of anything longer leave float32, which the scan reckons in. */
const LONGEST = 1e18;
/** Squares of anything shorter vanish: its direction is noise. */
const SHORTEST = 1e-18;

/** Why `vector` cannot be stored in (or asked of) a collection of this shape, in words; null when it can. */
export function vectorProblem(shape: VectorShape, vector: unknown): string | null {
  if (!Array.isArray(vector) && !ArrayBuffer.isView(vector)) return "vector must be an array of numbers";
  const values = vector as ArrayLike<unknown>;
  if (values.length !== shape.dimensions) {
    return `vector has ${values.length} dimensions, the collection has ${shape.dimensions}`;
  }
  const largest = shape.precision === "float32" ? LONGEST : LARGEST_HALF;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    // NaN fails both comparisons.
    if (typeof value !== "number" || !(value <= largest && value >= -largest)) return valueProblem(shape, i, value);
    squares += value * value;
  }
  if (squares > LONGEST * LONGEST) return "vector is longer than 1e18";
  if (shape.metric === "cosine" && squares < SHORTEST * SHORTEST) {
    return "vector is zero (shorter than 1e-18): it has no direction for cosine";
  }
  return null;
}

function valueProblem({ precision }: VectorShape, index: number, value: unknown): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return `vector[${index}] is not a finite number`;
  return `vector[${index}] is beyond ±${precision === "float32" ? "1e18" : "65,504, float16's range"}`;
}
