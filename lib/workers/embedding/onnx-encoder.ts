import { readFileSync } from "node:fs";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { PreparedModel } from "./prepare-model.ts";
import type { TextEncoder } from "./text-encoder.ts";
import { WordPiece } from "./word-piece.ts";

/** What the model was trained to read; the tokens beyond it are not seen. */
const MAX_TOKENS = 256;
/** Tokens of one run, padding included: bounds what the layers' activations take (6 KB a token in the widest). */
const MAX_BATCH_TOKENS = 1024;

type Runtime = Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor">;

/** Runs the prepared graph on the native runtime, texts of like length together so that little is padding. */
export class OnnxEncoder implements TextEncoder {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #tokenizer: WordPiece;

  private constructor(runtime: Runtime, session: InferenceSession, tokenizer: WordPiece) {
    this.#runtime = runtime;
    this.#session = session;
    this.#tokenizer = tokenizer;
  }

  /** @throws when the native runtime is not there for this platform. */
  static async load(model: PreparedModel, threads: number): Promise<OnnxEncoder> {
    const runtime = await import("onnxruntime-node");
    const session = await runtime.InferenceSession.create(model.modelPath, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // The graph is written fused; the arena keeps the largest batch's memory for ever.
      graphOptimizationLevel: "basic",
      enableCpuMemArena: false,
      enableMemPattern: false,
      // Threads that spin between runs would take the server's cores.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    const tokenizer = new WordPiece(readFileSync(model.vocabularyPath, "utf8").split("\n"));
    return new OnnxEncoder(runtime, session, tokenizer);
  }

  async encode(texts: readonly string[]): Promise<Float32Array[]> {
    const sequences = texts.map((text, place) => ({ place, ids: this.#tokenIds(text) }));
    sequences.sort((a, b) => a.ids.length - b.ids.length);
    const vectors: Float32Array[] = new Array(texts.length);
    for (const batch of batches(sequences)) {
      const rows = await this.#run(batch.map(({ ids }) => ids));
      batch.forEach(({ place }, row) => {
        const vector = rows[row];
        if (vector !== undefined) vectors[place] = vector;
      });
    }
    return vectors;
  }

  #tokenIds(text: string): number[] {
    const { classify, separate } = this.#tokenizer.special;
    // No token is made of less than one character, but white space can be any length: it is cut before the tokenizer.
    return [classify, ...this.#tokenizer.encode(text.slice(0, MAX_TOKENS * 64)).slice(0, MAX_TOKENS - 2), separate];
  }

  async #run(sequences: readonly number[][]): Promise<Float32Array[]> {
    const longest = Math.max(...sequences.map((ids) => ids.length));
    const size = sequences.length * longest;
    const ids = new BigInt64Array(size);
    const mask = new BigInt64Array(size);
    sequences.forEach((sequence, row) => {
      sequence.forEach((id, column) => {
        ids[row * longest + column] = BigInt(id);
        mask[row * longest + column] = 1n;
      });
    });
    const shape = [sequences.length, longest];
    const { Tensor } = this.#runtime;
    const answer = await this.#session.run({
      input_ids: new Tensor("int64", ids, shape),
      attention_mask: new Tensor("int64", mask, shape),
    });
    return rowsOf(answer.embedding, sequences.length);
  }
}

function* batches<T extends { ids: readonly number[] }>(sorted: readonly T[]): Generator<T[]> {
  let batch: T[] = [];
  for (const item of sorted) {
    if (batch.length > 0 && (batch.length + 1) * item.ids.length > MAX_BATCH_TOKENS) {
      yield batch;
      batch = [];
    }
    batch.push(item);
  }
  if (batch.length > 0) yield batch;
}

function rowsOf(tensor: Tensor | undefined, count: number): Float32Array[] {
  if (!(tensor?.data instanceof Float32Array)) throw new Error("The model gave no embedding.");
  const { data } = tensor;
  const width = data.length / count;
  return Array.from({ length: count }, (_, row) => data.slice(row * width, (row + 1) * width));
}
