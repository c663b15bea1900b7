/**
 * A vector of length one in 4 + 2 × dimensions bytes: a float32 scale, then 16-bit integers. Its error is a quarter of
 * float16's for values of one size, and the high byte of each value alone is an 8-bit code of the same vector.
 */
export interface VectorCode {
  scale: number;
  values: Int16Array;
}

const LARGEST = 32_512; // 127 × 256: the high byte never overflows when it is rounded.

/** The code of a vector's direction: what is read back has length one, whatever length `vector` has. */
export function encodeVector(vector: Float32Array): Uint8Array {
  const code = new Uint8Array(codeBytes(vector));
  writeCode(vector, code);
  return code;
}

/** Codes of a batch, side by side in one buffer: a buffer each is an allocation each, outside the heap. */
export function encodeVectors(vectors: readonly Float32Array[]): Uint8Array[] {
  const all = new Uint8Array(vectors.reduce((sum, vector) => sum + codeBytes(vector), 0));
  let offset = 0;
  return vectors.map((vector) => {
    const code = all.subarray(offset, offset + codeBytes(vector));
    offset += code.length;
    writeCode(vector, code);
    return code;
  });
}

const codeBytes = ({ length }: Float32Array): number => 4 + length * 2;

function writeCode(vector: Float32Array, code: Uint8Array): void {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const length = lengthOf(vector);
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const step = largest / LARGEST;
  view.setFloat32(0, step / length, true);
  vector.forEach((value, at) => {
    view.setInt16(4 + at * 2, Math.max(-LARGEST, Math.min(LARGEST, Math.round(value / step))), true);
  });
}

export const dimensionsOf = (code: Uint8Array): number => (code.length - 4) / 2;

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A view of `bytes` where it can be one: a scan reads thousands of codes, and a copy of each is an allocation outside the heap. */
export function readVectorCode(bytes: Uint8Array): VectorCode {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = dimensionsOf(bytes);
  const scale = view.getFloat32(0, true);
  if (IS_LITTLE_ENDIAN && bytes.byteOffset % 2 === 0)
    return { scale, values: new Int16Array(bytes.buffer, bytes.byteOffset + 4, count) };
  return { scale, values: Int16Array.from({ length: count }, (_, at) => view.getInt16(4 + at * 2, true)) };
}

export function decodeVector(bytes: Uint8Array): Float32Array {
  const { scale, values } = readVectorCode(bytes);
  return Float32Array.from(values, (value) => value * scale);
}

/** The dot product with a float32 vector: the cosine, both being of length one. */
export function dotWithCode(query: Float32Array, bytes: Uint8Array): number {
  const { scale, values } = readVectorCode(bytes);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += (query[at] ?? 0) * (values[at] ?? 0);
  return sum * scale;
}

export function normalize(vector: Float32Array): Float32Array {
  const length = lengthOf(vector);
  return vector.map((value) => value / length);
}

function lengthOf(vector: Float32Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (!(sum > 0) || !Number.isFinite(sum))
    throw new RangeError("A vector without direction has no place in the index.");
  return Math.sqrt(sum);
}
