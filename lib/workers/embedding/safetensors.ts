import { closeSync, openSync, readSync } from "node:fs";

interface TensorEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

export interface FloatTensor {
  shape: number[];
  data: Float32Array;
}

/**
 * Reads a safetensors file one tensor at a time, so that converting a model never holds more than
 * its largest tensor.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
export class SafetensorsFile {
  readonly #file: number;
  readonly #entries: ReadonlyMap<string, TensorEntry>;
  readonly #dataStart: number;

  constructor(path: string) {
    this.#file = openSync(path, "r");
    const headerLength = Number(this.#read(0, 8).readBigUInt64LE(0));
    const header: Record<string, TensorEntry> = JSON.parse(this.#read(8, headerLength).toString("utf8"));
    this.#entries = new Map(Object.entries(header).filter(([name]) => name !== "__metadata__"));
    this.#dataStart = 8 + headerLength;
  }

  /** @throws {Error} when the file has no such tensor, or holds it in another type than F16 or F32. */
  tensor(name: string): FloatTensor {
    const entry = this.#entries.get(name) ?? this.#entries.get(`bert.${name}`);
    if (entry === undefined) throw new Error(`The weights have no tensor "${name}".`);
    const [start, end] = entry.data_offsets;
    const bytes = this.#read(this.#dataStart + start, end - start);
    return { shape: entry.shape, data: toFloat32(bytes, entry.dtype, name) };
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#file, bytes, done, length - done, position + done);
      if (count === 0) throw new Error("The weights file ends early.");
      done += count;
    }
    return bytes;
  }
}

function toFloat32(bytes: Buffer, dtype: string, name: string): Float32Array {
  if (dtype === "F32") return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  if (dtype !== "F16") throw new Error(`The tensor "${name}" is ${dtype}; F16 or F32 was expected.`);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const values = new Float32Array(halves.length);
  for (let at = 0; at < values.length; at++) values[at] = HALVES[halves[at] ?? 0] ?? 0;
  return values;
}

/** IEEE 754 binary16: one sign bit, five of exponent, ten of fraction. Node 20 has no Float16Array. */
function halfToNumber(half: number): number {
  const sign = half >> 15 === 0 ? 1 : -1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** All 65,536 of them, once: a look-up is ten times as fast as the arithmetic. */
const HALVES = Float32Array.from({ length: 65_536 }, (_, half) => halfToNumber(half));
