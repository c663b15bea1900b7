import { HEADER_BYTES, type RowFormat } from "./row-format.ts";
import { Views } from "./views.ts";

/** Vectors as they are stored, one after another: what goes to disk, and what comes back. */
export class RowBatch {
  readonly format: RowFormat;
  readonly count: number;
  readonly views: Views;

  /** @param buffer rows as read from disk; new and empty where none is given. */
  constructor(format: RowFormat, count: number, buffer?: ArrayBuffer) {
    this.format = format;
    this.count = count;
    this.views = new Views(buffer ?? new ArrayBuffer(count * format.rowBytes));
  }

  rowAt(index: number): number {
    return index * this.format.rowBytes;
  }

  codeAt(index: number): number {
    return this.rowAt(index) + HEADER_BYTES;
  }

  detailAt(index: number): number {
    return this.codeAt(index) + this.format.stride;
  }

  scale(index: number): number {
    return this.views.f32[this.rowAt(index) >> 2] ?? 0;
  }

  /** How far the code may be from the stored value, as a Euclidean length. */
  error(index: number): number {
    return this.views.f32[(this.rowAt(index) >> 2) + 1] ?? 0;
  }

  /** The length that the kernel reckons with: 1 under cosine. */
  norm(index: number): number {
    return this.views.f32[(this.rowAt(index) >> 2) + 2] ?? 0;
  }

  /** The length that the vector came with. */
  originalNorm(index: number): number {
    return this.views.f32[(this.rowAt(index) >> 2) + 3] ?? 0;
  }

  /** Stores `vector` as row `index`. The caller has checked it (see vector-check.ts). */
  encode(index: number, vector: ArrayLike<number>): void {
    const { format, views } = this;
    let largest = 0;
    let squares = 0;
    for (let i = 0; i < format.dimensions; i++) {
      const value = vector[i] ?? 0;
      squares += value * value;
      largest = Math.max(largest, Math.abs(value));
    }
    const originalNorm = Math.sqrt(squares);
    const unit = format.metric === "cosine" ? 1 / originalNorm : 1;
    const scale = Math.fround((largest * unit) / 127);
    const header = this.rowAt(index) >> 2;
    views.f32[header] = scale;
    views.f32[header + 2] = format.metric === "cosine" ? 1 : originalNorm;
    views.f32[header + 3] = originalNorm;
    this.#encodeCode(index, vector, scale === 0 ? 0 : unit / scale);
    const error = this.#encodeDetail(index, vector, scale, unit, originalNorm);
    // Rounded up: a bound that float32 rounds down is none.
    views.f32[header + 1] = error * (1 + 1e-6);
  }

  #encodeCode(index: number, vector: ArrayLike<number>, factor: number): void {
    const { i8 } = this.views;
    const { stride, dimensions } = this.format;
    const at = this.codeAt(index);
    for (let group = 0; group < stride; group += 16) {
      for (let j = 0; j < 8; j++) {
        const low = group + j < dimensions ? Math.round((vector[group + j] ?? 0) * factor) : 0;
        const second = group + 8 + j;
        // The kernel reads the low byte as a fraction of the high one; take that fraction off first.
        const high = second < dimensions ? Math.round((vector[second] ?? 0) * factor - (low & 255) / 256) : 0;
        i8[at + group + 2 * j] = Math.max(-127, Math.min(127, low));
        i8[at + group + 2 * j + 1] = Math.max(-128, Math.min(127, high));
      }
    }
  }

  /** @returns the distance between the code's value and the stored one. */
  #encodeDetail(index: number, vector: ArrayLike<number>, scale: number, unit: number, norm: number): number {
    const { format, views } = this;
    if (format.precision === "int8") return 0;
    const at = this.detailAt(index);
    const codes = codeValues(format, views.i8, this.codeAt(index));
    const factor = scale === 0 ? 0 : (unit / scale) * 256;
    if (format.precision === "float32") views.f32[at >> 2] = norm;
    let squares = 0;
    for (let i = 0; i < format.dimensions; i++) {
      const value = vector[i] ?? 0;
      const rest = value * factor - (codes[i] ?? 0);
      if (format.precision === "float32") {
        views.f32[(at >> 2) + 1 + i] = value;
        squares += rest * rest;
      } else {
        const fine = Math.max(-128, Math.min(127, Math.round(rest)));
        views.i8[at + i] = fine;
        squares += fine * fine;
      }
    }
    return (Math.sqrt(squares) * scale) / 256;
  }

  /** A copy of row `index` alone: keeping it does not keep the batch. */
  single(index: number): RowBatch {
    const { rowBytes } = this.format;
    return new RowBatch(this.format, 1, this.views.buffer.slice(index * rowBytes, (index + 1) * rowBytes));
  }

  /** Row `index` as it is scored (unit length under cosine). The result is reused by the next call. */
  values(index: number): Float64Array {
    const { views } = this;
    return decode(this.format, views, this.codeAt(index), this.scale(index), views, this.detailAt(index));
  }

  /** Row `index` as it was sent, at the stored precision. */
  original(index: number): number[] {
    const { metric } = this.format;
    const length = metric === "cosine" ? this.originalNorm(index) : 1;
    return Array.from(this.values(index), (value) => Math.fround(value * length));
  }
}

const codeScratch = new Int32Array(4096 + 16);

/** A code's value in 256ths of the scale, by dimension. Valid until the next call. */
function codeValues(format: RowFormat, i8: Int8Array, at: number): Int32Array {
  for (let group = 0; group < format.stride; group += 16) {
    for (let j = 0; j < 8; j++) {
      const low = i8[at + group + 2 * j] ?? 0;
      codeScratch[group + j] = low * 256;
      codeScratch[group + 8 + j] = (i8[at + group + 2 * j + 1] ?? 0) * 256 + (low & 255);
    }
  }
  return codeScratch;
}

const valueScratch = Array.from({ length: 4097 }, (): Float64Array | null => null);

/**
 * A vector as it is scored, from its code and its detail, which may lie in different memories.
 * The same bytes give the same numbers wherever they lie, so a score does not change with the tier.
 */
export function decode(
  format: RowFormat,
  codes: Views,
  codeAt: number,
  scale: number,
  details: Views,
  detailAt: number,
): Float64Array {
  const { dimensions, precision } = format;
  let values = valueScratch[dimensions];
  if (!values) values = valueScratch[dimensions] = new Float64Array(dimensions);
  if (precision === "float32") {
    const at = (detailAt >> 2) + 1;
    const unit = format.metric === "cosine" ? 1 / (details.f32[at - 1] ?? 1) : 1;
    for (let i = 0; i < dimensions; i++) values[i] = (details.f32[at + i] ?? 0) * unit;
    return values;
  }
  const coarse = codeValues(format, codes.i8, codeAt);
  const step = scale / 256;
  if (precision === "int8") {
    for (let i = 0; i < dimensions; i++) values[i] = (coarse[i] ?? 0) * step;
  } else {
    for (let i = 0; i < dimensions; i++) values[i] = ((coarse[i] ?? 0) + (details.i8[detailAt + i] ?? 0)) * step;
  }
  return values;
}
