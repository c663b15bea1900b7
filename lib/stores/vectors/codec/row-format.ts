import type { VectorShape } from "../../../ports/vector-rows.ts";

/** scale, error, norm for the kernel, original norm: four float32 before each row's bytes. */
export const HEADER_BYTES = 16;

/**
 * How one vector lies in memory and on disk: a code of 8 bits a dimension that is scanned, then a detail that refines it.
 * On disk both follow a header; in memory the code stands in a code block and the detail, for hot vectors, in a detail block:
 * pushing a vector out of the hot tier lets its detail go and changes nothing else.
 *
 * | precision | detail | value of a dimension |
 * |---|---|---|
 * | int8 | none | code |
 * | int16 | 8 bits | 16-bit fixed point on the vector's own scale: float16's bytes, and a smaller error on embeddings |
 * | float16 | the IEEE half, and the vector's norm | itself |
 * | float32 | the float, and the vector's norm | itself |
 */
export interface RowFormat extends VectorShape {
  /** Bytes of a code: the dimensions, rounded up to 16. */
  readonly stride: number;
  readonly detailBytes: number;
  /** Header, code and detail; a multiple of 8. */
  readonly rowBytes: number;
}

export function rowFormat(shape: VectorShape): RowFormat {
  const stride = Math.ceil(shape.dimensions / 16) * 16;
  const detailBytes = detailBytesOf(shape);
  return { ...shape, stride, detailBytes, rowBytes: Math.ceil((HEADER_BYTES + stride + detailBytes) / 8) * 8 };
}

function detailBytesOf({ precision, dimensions }: VectorShape): number {
  if (precision === "int8") return 0;
  if (precision === "int16") return Math.ceil(dimensions / 4) * 4;
  return precision === "float16" ? 4 + Math.ceil(dimensions / 2) * 4 : 4 + dimensions * 4;
}

/** Whether the detail holds the values themselves. */
export function keepsFloats({ precision }: VectorShape): boolean {
  return precision === "float32" || precision === "float16";
}
