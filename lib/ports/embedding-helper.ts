/** A request to the embedding helper process for the vectors of these texts. */
export interface EncodeRequest {
  id: number;
  texts: readonly string[];
}

/** Messages of the helper: first `ready`, then one response per request. Vectors are joined in one array. */
export type HelperMessage =
  | { kind: "ready"; runtime: "native" | "wasm" }
  | { kind: "vectors"; id: number; values: Float32Array }
  | { kind: "failed"; id: number | null; message: string };
