/** Turns texts into vectors of length one. */
export interface TextEncoder {
  encode(texts: readonly string[]): Promise<Float32Array[]>;
}
