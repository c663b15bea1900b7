import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { ProtobufWriter } from "./protobuf-writer.ts";

export const ElementType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
type ElementType = (typeof ElementType)[keyof typeof ElementType];
export type Attribute = number | { float: number };
type TensorData = Float32Array | Int8Array | Uint8Array | BigInt64Array;

const PAGE_BYTES = 4096;
const INLINE_BYTES = 1024;

/**
 * Writes an ONNX model in two files: the graph, and beside it the weights, each tensor on a page of
 * its own. The runtime maps the second file instead of reading it: a table of which a run touches
 * a few rows costs the pages of those rows.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export class OnnxGraph {
  readonly #graph = new ProtobufWriter();
  readonly #initializers: ProtobufWriter[] = [];
  readonly #weightsPath: string;
  readonly #weights: number;
  #weightsLength = 0;
  #nodeCount = 0;

  constructor(weightsPath: string) {
    this.#weightsPath = weightsPath;
    this.#weights = openSync(weightsPath, "w");
  }

  node(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = "",
  ): string {
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    node
      .text(2, output)
      .text(3, `${operator}_${this.#nodeCount++}`)
      .text(4, operator);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeMessage(name, value));
    if (domain !== "") node.text(7, domain);
    this.#graph.message(1, node);
    return output;
  }

  constant(name: string, dims: readonly number[], type: ElementType, data: TensorData): string {
    const tensor = new ProtobufWriter();
    for (const size of dims) tensor.integer(1, size);
    tensor.integer(2, type).text(8, name);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (bytes.length <= INLINE_BYTES) tensor.bytes(9, bytes.slice());
    else this.#external(tensor, bytes);
    this.#initializers.push(tensor);
    return name;
  }

  input(name: string, type: ElementType, dims: readonly (string | number)[]): void {
    this.#graph.message(11, valueInfo(name, type, dims));
  }

  output(name: string, type: ElementType, dims: readonly (string | number)[]): void {
    this.#graph.message(12, valueInfo(name, type, dims));
  }

  finish(modelPath: string, name: string): void {
    closeSync(this.#weights);
    this.#graph.text(2, name);
    for (const tensor of this.#initializers) this.#graph.message(5, tensor);
    const model = new ProtobufWriter().integer(1, 8).text(2, "headroom").message(7, this.#graph);
    model.message(8, new ProtobufWriter().text(1, "").integer(2, 17));
    model.message(8, new ProtobufWriter().text(1, "com.microsoft").integer(2, 1));
    writeFileSync(modelPath, model.finish());
  }

  #external(tensor: ProtobufWriter, bytes: Uint8Array): void {
    const entry = (key: string, value: string) => tensor.message(13, new ProtobufWriter().text(1, key).text(2, value));
    entry("location", basename(this.#weightsPath));
    entry("offset", String(this.#weightsLength));
    entry("length", String(bytes.length));
    tensor.integer(14, 1);
    const padded = Math.ceil(bytes.length / PAGE_BYTES) * PAGE_BYTES;
    writeSync(this.#weights, bytes);
    writeSync(this.#weights, new Uint8Array(padded - bytes.length));
    this.#weightsLength += padded;
  }
}

function attributeMessage(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if (typeof value === "number") return message.integer(3, value).integer(20, 2);
  return message.float(2, value.float).integer(20, 1);
}

function valueInfo(name: string, type: ElementType, dims: readonly (string | number)[]): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of dims) {
    const entry = new ProtobufWriter();
    shape.message(1, typeof dim === "string" ? entry.text(2, dim) : entry.integer(1, dim));
  }
  const tensorType = new ProtobufWriter().integer(1, type).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensorType));
}
