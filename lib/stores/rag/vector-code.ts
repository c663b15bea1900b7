/**
 * A vector of length one in 4 + 2 × dimensions bytes: a float32 scale, then 16-bit integers. Its error is a quarter of
 * float16's for values of one size, and the high byte of each value alone is an 8-bit code of the same vector.
 */
export interface VectorCode {
  scale: number;
  values: Int16Array;
}

const LARGEST = 32_512; // 127 × 256: the high byte never overflows when it is rounded.

export function encodeVector(vector: Float32Array): Buffer {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const scale = Math.fround(largest / LARGEST) || 1;
  const bytes = Buffer.alloc(4 + vector.length * 2);
  bytes.writeFloatLE(scale, 0);
  vector.forEach((value, at) => {
    bytes.writeInt16LE(Math.max(-LARGEST, Math.min(LARGEST, Math.round(value / scale))), 4 + at * 2);
  });
  return bytes;
}

export function readVectorCode(bytes: Uint8Array): VectorCode {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Int16Array((bytes.length - 4) / 2);
  for (let at = 0; at < values.length; at++) values[at] = view.readInt16LE(4 + at * 2);
  return { scale: view.readFloatLE(0), values };
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
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (!(sum > 0) || !Number.isFinite(sum))
    throw new RangeError("A vector without direction has no place in the index.");
  const length = Math.sqrt(sum);
  return vector.map((value) => value / length);
}
