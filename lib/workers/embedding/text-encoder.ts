/** Turns texts into vectors of unit length. */
export interface TextEncoder {
  encode(texts: readonly string[]): Promise<Float32Array[]>;
}
