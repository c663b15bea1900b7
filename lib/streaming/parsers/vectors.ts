import { Scanner } from "../scan/scanner.ts";
import type { Parser, ParserState, RecordReceiver, StreamFault } from "./parser.ts";
import { BlockBuilder } from "./records.ts";

/** `fvecs`: int32 dimensions, then float32 values, each vector. `bvecs`: the same with one byte a value. `f32`: values alone. */
export type VectorFormat = "fvecs" | "bvecs" | "f32";

export const MAX_DIMENSIONS = 4096;
/** Longest vector of any format: four bytes of length and 4,096 float32 values. */
const MAX_VECTOR_BYTES = 4 + MAX_DIMENSIONS * 4;

export interface VectorOptions {
  receiver: RecordReceiver;
  format: VectorFormat;
  from?: ParserState;
  /** Must be given for `f32`, which does not say; the others are checked against it. */
  dimensions?: number;
}

/** A record of a binary format: its number in the file is its id. */
export interface VectorRecord {
  id: string;
  vector: Float32Array;
}

/**
 * Vectors of one fixed size. The values of a window are copied out once, into one buffer that its vectors share; bytes are
 * little-endian, as on every machine that Node runs on.
 */
export class VectorParser implements Parser {
  readonly #receiver: RecordReceiver;
  readonly #format: VectorFormat;
  readonly #scanner = new Scanner();
  readonly #held = Buffer.alloc(MAX_VECTOR_BYTES);
  #heldBytes = 0;
  #dimensions: number;
  #stride = 0;
  #offset: number;
  /** Number of the next vector, from 1. */
  #line: number;
  #fault: StreamFault | null = null;

  constructor({ receiver, format, from, dimensions }: VectorOptions) {
    this.#receiver = receiver;
    this.#format = format;
    this.#offset = from?.offset ?? 0;
    this.#line = from?.line ?? 1;
    this.#dimensions = from?.extra.dimensions ?? dimensions ?? 0;
    if (this.#dimensions > 0) this.#setStride();
    else if (format === "f32") throw new RangeError("f32 needs the number of dimensions");
  }

  get fault(): StreamFault | null {
    return this.#fault;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  dropRecord(): void {
    // A vector is never large.
  }

  get state(): ParserState {
    const extra = this.#dimensions > 0 ? { dimensions: this.#dimensions } : {};
    return { offset: this.#offset, line: this.#line, extra };
  }

  push(bytes: Uint8Array): void {
    if (this.#fault) return;
    const block = new BlockBuilder();
    let rest = bytes;
    if (this.#heldBytes > 0 || this.#stride === 0) rest = this.#fillHeld(bytes, block);
    const stride = this.#stride;
    const count = stride > 0 && this.#heldBytes === 0 ? Math.floor(rest.length / stride) : 0;
    if (count > 0 && !this.#fault) {
      this.#takeMany(rest, count, block);
      rest = rest.subarray(count * stride);
    }
    if (!this.#fault && rest.length > 0) this.#hold(rest);
    if (block.records.length > 0) this.#receiver.block(block);
  }

  end(): void {
    if (this.#fault || this.#heldBytes === 0) return;
    this.#reject(`${this.#heldBytes} bytes of a vector of ${this.#stride || "unknown"}`);
  }

  #setStride(): void {
    const valueBytes = this.#format === "bvecs" ? 1 : 4;
    this.#stride = this.#dimensions * valueBytes + (this.#format === "f32" ? 0 : 4);
  }

  #hold(bytes: Uint8Array): void {
    this.#held.set(bytes, this.#heldBytes);
    this.#heldBytes += bytes.length;
  }

  /** Completes the vector that an earlier window began. Returns what is left of `bytes`. */
  #fillHeld(bytes: Uint8Array, block: BlockBuilder): Uint8Array {
    let rest = bytes;
    if (this.#stride === 0) {
      const head = rest.subarray(0, 4 - this.#heldBytes);
      this.#hold(head);
      rest = rest.subarray(head.length);
      if (this.#heldBytes < 4) return rest;
      const dimensions = this.#held.readInt32LE(0);
      if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
        this.#fail(`a vector of ${dimensions} dimensions; 1 to ${MAX_DIMENSIONS} are allowed`);
        return rest;
      }
      this.#dimensions = dimensions;
      this.#setStride();
    }
    const missing = rest.subarray(0, this.#stride - this.#heldBytes);
    this.#hold(missing);
    rest = rest.subarray(missing.length);
    if (this.#heldBytes < this.#stride) return rest;
    this.#heldBytes = 0;
    this.#takeMany(this.#held.subarray(0, this.#stride), 1, block);
    return rest;
  }

  #takeMany(bytes: Uint8Array, count: number, block: BlockBuilder): void {
    const whole = bytes.subarray(0, count * this.#stride);
    if (this.#format === "bvecs") this.#takeBytes(whole, count, block);
    else this.#takeFloats(whole, count, block);
  }

  /** One copy for all vectors: a length between two of them costs four bytes, and is cheaper to step over than to leave out. */
  #takeFloats(bytes: Uint8Array, count: number, block: BlockBuilder): void {
    const dimensions = this.#dimensions;
    const head = this.#format === "f32" ? 0 : 1;
    const finite = this.#areFinite(bytes);
    const copy = Buffer.allocUnsafeSlow(bytes.length);
    copy.set(bytes);
    const words = new Int32Array(copy.buffer);
    for (let i = 0, at = 0; i < count; i++, at += head + dimensions) {
      if (head > 0 && !this.#expect(words[at] ?? 0)) return;
      const vector = new Float32Array(copy.buffer, (at + head) * 4, dimensions);
      this.#take(vector, finite || vector.every(Number.isFinite), block);
    }
  }

  #takeBytes(bytes: Uint8Array, count: number, block: BlockBuilder): void {
    const dimensions = this.#dimensions;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = new Float32Array(count * dimensions);
    for (let i = 0, at = 0; i < count; i++, at += this.#stride) {
      if (!this.#expect(view.getInt32(at, true))) return;
      const vector = new Float32Array(values.buffer, i * dimensions * 4, dimensions);
      vector.set(bytes.subarray(at + 4, at + this.#stride));
      this.#take(vector, true, block);
    }
  }

  #expect(dimensions: number): boolean {
    if (dimensions === this.#dimensions) return true;
    this.#fail(`a vector of ${dimensions} dimensions after vectors of ${this.#dimensions}`);
    return false;
  }

  #take(vector: Float32Array, finite: boolean, block: BlockBuilder): void {
    if (finite) block.add({ id: String(this.#line), vector } satisfies VectorRecord, this.#offset, this.#line);
    else this.#refuse("number-not-finite", "a value is not a finite number");
    this.#offset += this.#stride;
    this.#line++;
  }

  #areFinite(bytes: Uint8Array): boolean {
    this.#scanner.load(bytes);
    return this.#scanner.allFinite(0, bytes.length);
  }

  #reject(message: string): void {
    this.#refuse("malformed-vector", message);
  }

  #refuse(code: "malformed-vector" | "number-not-finite", message: string): void {
    const [line, offset] = [this.#line, this.#offset];
    this.#receiver.reject(() => ({ line, offset, code, message, excerpt: "" }));
  }

  #fail(message: string): void {
    this.#fault ??= { code: "vector-shape", message, line: this.#line, offset: this.#offset };
  }
}
