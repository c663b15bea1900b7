/** What the server asks of the embedding helper process: vectors for these texts. */
export interface EncodeRequest {
  id: number;
  texts: readonly string[];
}

/** What the helper says: once that it is ready, then one answer per request. Vectors are joined in one array. */
export type HelperMessage =
  | { kind: "ready"; runtime: "native" | "wasm" }
  | { kind: "vectors"; id: number; values: Float32Array }
  | { kind: "failed"; id: number | null; message: string };
