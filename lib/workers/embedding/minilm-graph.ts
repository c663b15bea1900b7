import { ElementType, OnnxGraph } from "./onnx-graph.ts";
import { type FloatTensor, SafetensorsFile } from "./safetensors.ts";

/** What of the model's `config.json` decides its shape. */
export interface MiniLmConfig {
  hidden_size: number;
  num_attention_heads: number;
  num_hidden_layers: number;
  max_position_embeddings: number;
  layer_norm_eps: number;
}

/** Weights are kept as 8-bit integers in blocks of this many with one scale each: a quarter of float32's size. */
const BLOCK = 32;
const FUSED = "com.microsoft";

/**
 * Writes the all-MiniLM-L6-v2 sentence encoder as an ONNX graph: embeddings, the encoder's layers, the mean over the
 * tokens, length one. It is written with the runtime's fused operators, so it needs no optimizer when it is loaded
 * (which would hold second copies of the weights); matrices are quantised (cosine to float32 ≥ 0.9995), each row by
 * itself, so that a text's vector does not depend on what shares its batch.
 *
 * @see Reimers & Gurevych 2019, https://arxiv.org/abs/1908.10084; operators: onnxruntime `docs/ContribOperators.md`
 */
export function writeMiniLmGraph(
  weightsPath: string,
  config: MiniLmConfig,
  target: { modelPath: string; dataPath: string },
): void {
  const weights = new SafetensorsFile(weightsPath);
  try {
    const graph = new OnnxGraph(target.dataPath);
    new MiniLmWriter(graph, weights, config).write();
    graph.finish(target.modelPath, "all-MiniLM-L6-v2");
  } finally {
    weights.close();
  }
}

class MiniLmWriter {
  readonly #graph: OnnxGraph;
  readonly #weights: SafetensorsFile;
  readonly #config: MiniLmConfig;

  constructor(graph: OnnxGraph, weights: SafetensorsFile, config: MiniLmConfig) {
    this.#graph = graph;
    this.#weights = weights;
    this.#config = config;
  }

  write(): void {
    const graph = this.#graph;
    graph.input("input_ids", ElementType.int64, ["batch", "tokens"]);
    graph.input("attention_mask", ElementType.int64, ["batch", "tokens"]);
    graph.output("embedding", ElementType.float, ["batch", this.#config.hidden_size]);
    graph.node("Cast", ["attention_mask"], "key_mask", { to: ElementType.int32 });
    let hidden = this.#embeddings();
    for (let layer = 0; layer < this.#config.num_hidden_layers; layer++) hidden = this.#layer(layer, hidden);
    this.#pooling(hidden);
  }

  /** Word, position and type embeddings. There is only one type, so its row is added to the positions' here. */
  #embeddings(): string {
    const graph = this.#graph;
    this.#wordTable();
    const positions = this.#weights.tensor("embeddings.position_embeddings.weight");
    const types = this.#weights.tensor("embeddings.token_type_embeddings.weight");
    const width = this.#config.hidden_size;
    const summed = positions.data.map((value, at) => value + (types.data[at % width] ?? 0));
    graph.constant("positions", positions.shape, ElementType.float, summed);
    this.#integer("zero", 0);
    this.#integer("one", 1);
    graph.node("Shape", ["input_ids"], "shape");
    graph.node("Gather", ["shape", "one"], "token_count");
    graph.node("Range", ["zero", "token_count", "one"], "places");
    graph.node("Gather", ["positions", "places"], "position_rows");
    graph.node("Add", ["word_rows", "position_rows"], "embedded");
    const epsilon = { float: this.#config.layer_norm_eps };
    return graph.node("LayerNormalization", ["embedded", ...this.#norm("embeddings.LayerNorm")], "hidden_0", {
      axis: -1,
      epsilon,
    });
  }

  /** The vocabulary's rows as 8-bit integers; the rows of a text's tokens alone are widened. */
  #wordTable(): void {
    const graph = this.#graph;
    const words = this.#weights.tensor("embeddings.word_embeddings.weight");
    const { codes, scales } = quantize(words, this.#config.hidden_size);
    graph.constant("words", words.shape, ElementType.int8, codes);
    graph.constant("word_scales", [scales.length, 1], ElementType.float, scales);
    graph.node("Gather", ["words", "input_ids"], "word_codes");
    graph.node("Gather", ["word_scales", "input_ids"], "row_scales");
    graph.node("Cast", ["word_codes"], "word_values", { to: ElementType.float });
    graph.node("Mul", ["word_values", "row_scales"], "word_rows");
  }

  #layer(index: number, input: string): string {
    const graph = this.#graph;
    const path = `encoder.layer.${index}.`;
    const name = (part: string) => `layer_${index}_${part}`;
    const epsilon = { float: this.#config.layer_norm_eps };
    const parts = ["query", "key", "value"] as const;
    const projected = parts.map((part) => this.#matrix(input, `${path}attention.self.${part}`, name(part)));
    const biases = parts.map((part) => this.#weights.tensor(`${path}attention.self.${part}.bias`).data);
    const joined = Float32Array.from(biases.flatMap((bias) => [...bias]));
    graph.constant(name("attention_bias"), [joined.length], ElementType.float, joined);
    const heads = { num_heads: this.#config.num_attention_heads };
    graph.node(
      "MultiHeadAttention",
      [...projected, name("attention_bias"), "key_mask"],
      name("attended"),
      heads,
      FUSED,
    );
    const mixed = this.#matrix(name("attended"), `${path}attention.output.dense`, name("mixed"));
    const attention = [
      mixed,
      input,
      ...this.#norm(`${path}attention.output.LayerNorm`),
      this.#bias(`${path}attention.output.dense`),
    ];
    graph.node("SkipLayerNormalization", attention, name("attention_out"), { epsilon }, FUSED);
    const wide = this.#matrix(name("attention_out"), `${path}intermediate.dense`, name("wide"));
    graph.node("BiasGelu", [wide, this.#bias(`${path}intermediate.dense`)], name("active"), {}, FUSED);
    const narrow = this.#matrix(name("active"), `${path}output.dense`, name("narrow"));
    const output = [
      narrow,
      name("attention_out"),
      ...this.#norm(`${path}output.LayerNorm`),
      this.#bias(`${path}output.dense`),
    ];
    return graph.node("SkipLayerNormalization", output, name("out"), { epsilon }, FUSED);
  }

  #pooling(hidden: string): void {
    const graph = this.#graph;
    graph.constant("axis_tokens", [1], ElementType.int64, BigInt64Array.of(1n));
    graph.constant("axis_last", [1], ElementType.int64, BigInt64Array.of(-1n));
    graph.node("Cast", ["attention_mask"], "mask", { to: ElementType.float });
    graph.node("Unsqueeze", ["mask", "axis_last"], "mask_column");
    graph.node("Mul", [hidden, "mask_column"], "masked");
    graph.node("ReduceSum", ["masked", "axis_tokens"], "sum", { keepdims: 0 });
    graph.node("ReduceSum", ["mask_column", "axis_tokens"], "count", { keepdims: 0 });
    graph.node("Div", ["sum", "count"], "mean");
    graph.node("LpNormalization", ["mean"], "embedding", { axis: -1, p: 2 });
  }

  #matrix(input: string, path: string, output: string): string {
    const matrix = this.#weights.tensor(`${path}.weight`);
    const [rows = 0, columns = 0] = matrix.shape;
    const { codes, scales } = quantize(matrix, BLOCK);
    // The operator takes unsigned codes with 128 for zero.
    const unsigned = new Uint8Array(codes.length);
    for (let at = 0; at < codes.length; at++) unsigned[at] = (codes[at] ?? 0) + 128;
    this.#graph.constant(`${path}.codes`, [rows, columns / BLOCK, BLOCK], ElementType.uint8, unsigned);
    this.#graph.constant(`${path}.scales`, [scales.length], ElementType.float, scales);
    // accuracy_level 0: activations stay float32.
    const attributes = { K: columns, N: rows, bits: 8, block_size: BLOCK, accuracy_level: 0 };
    return this.#graph.node("MatMulNBits", [input, `${path}.codes`, `${path}.scales`], output, attributes, FUSED);
  }

  #bias(path: string): string {
    return this.#vector(`${path}.bias`);
  }

  #norm(path: string): [string, string] {
    return [this.#vector(`${path}.weight`), this.#vector(`${path}.bias`)];
  }

  #vector(name: string): string {
    const { shape, data } = this.#weights.tensor(name);
    return this.#graph.constant(name, shape, ElementType.float, data);
  }

  #integer(name: string, value: number): void {
    this.#graph.constant(name, [], ElementType.int64, BigInt64Array.of(BigInt(value)));
  }
}

/** Symmetric 8-bit codes in runs of `block`, each run scaled so that its largest value becomes 127. Plain loops: 23 million values. */
function quantize({ data }: FloatTensor, block: number): { codes: Int8Array; scales: Float32Array } {
  const codes = new Int8Array(data.length);
  const scales = new Float32Array(data.length / block);
  for (let run = 0; run < scales.length; run++) {
    const from = run * block;
    let largest = 0;
    for (let at = from; at < from + block; at++) largest = Math.max(largest, Math.abs(data[at] ?? 0));
    const scale = largest / 127 || 1;
    scales[run] = scale;
    for (let at = from; at < from + block; at++) codes[at] = Math.round((data[at] ?? 0) / scale);
  }
  return { codes, scales };
}
