import type { VectorShape } from "../../../ports/vector-rows.ts";
import { AppError } from "../../../shared/errors.ts";
import { LARGEST_HALF, ROUNDS_TO_ZERO } from "../codec/half.ts";

/** JSON text of one point's metadata, UTF-8. */
export const METADATA_BYTES = 16_384;
/** Squares of anything longer leave float32, which the scan reckons in. */
const LONGEST = 1e18;
/** Squares of anything shorter vanish: its direction is noise. */
const SHORTEST = 1e-18;

/** What is wrong, in words, and where: a pointer into the vector, empty for all of it. */
export interface VectorProblem {
  reason: string;
  pointer: string;
}

/** Why `vector` cannot be asked of a collection of this shape; null when it can. */
export function vectorProblem(shape: VectorShape, vector: unknown): VectorProblem | null {
  if (!Array.isArray(vector) && !ArrayBuffer.isView(vector)) return whole("vector must be an array of numbers");
  const values = vector as ArrayLike<unknown>;
  if (values.length !== shape.dimensions) {
    return whole(`vector has ${values.length} dimensions, the collection has ${shape.dimensions}`);
  }
  const largest = shape.precision === "float32" ? LONGEST : LARGEST_HALF;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    // NaN fails both comparisons.
    if (typeof value !== "number" || !(value <= largest && value >= -largest)) return valueProblem(shape, i, value);
    squares += value * value;
  }
  if (squares > LONGEST * LONGEST) return whole("vector has a length above 1e18");
  if (shape.metric === "cosine" && squares < SHORTEST * SHORTEST) {
    return whole("vector is zero (length below 1e-18), so it has no direction for cosine");
  }
  return null;
}

/** Why `vector` cannot be stored in a collection of this shape; null when it can. */
export function storedProblem(shape: VectorShape, vector: unknown): VectorProblem | null {
  const problem = vectorProblem(shape, vector);
  if (problem || shape.precision !== "float16" || shape.metric !== "cosine") return problem;
  const values = vector as ArrayLike<number>;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i] ?? 0) > ROUNDS_TO_ZERO) return null;
  return whole("vector is zero after rounding to float16, so it has no direction for cosine");
}

const whole = (reason: string): VectorProblem => ({ reason, pointer: "" });

function valueProblem({ precision }: VectorShape, index: number, value: unknown): VectorProblem {
  const pointer = `/${index}`;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return { pointer, reason: `vector[${index}] is not a finite number` };
  }
  const range = precision === "float16" ? ", the range of float16" : ` of ${precision}`;
  return { pointer, reason: `vector[${index}] is outside ±${precision === "float32" ? "1e18" : `65,504${range}`}` };
}

export function unprocessable({ reason, pointer }: VectorProblem): AppError {
  const errors = [{ path: `/vector${pointer}`, message: reason }];
  return new AppError("unprocessable", `The ${reason}.`, { errors });
}
