import { lengthOf, type Query } from "./query.ts";
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
    const lost = this.#encodeCode(index, vector, scale === 0 ? 0 : unit / scale);
    if (format.precision === "float32") this.#encodeFloats(index, vector, originalNorm);
    // A distance is taken to what is stored, so under euclidean its length counts, not the original's.
    if (format.metric === "euclidean") views.f32[header + 2] = lengthOf(this.values(index));
    // Rounded up: a bound that float32 rounds down is none.
    views.f32[header + 1] = (Math.sqrt(lost) * scale * (1 + 1e-6)) / 256;
  }

  /** Writes the code, and the detail of a float16. @returns the squared distance from code to stored value, in 256ths of the scale. */
  #encodeCode(index: number, vector: ArrayLike<number>, factor: number): number {
    const { dimensions, precision } = this.format;
    if (precision !== "float16") return this.#encodeCoarsely(index, vector, factor, 0);
    const whole = dimensions & ~15;
    return this.#encodeFixed(index, vector, factor * 256, whole) + this.#encodeCoarsely(index, vector, factor, whole);
  }

  /** Whole groups of a float16, in integers: each value in 256ths of the scale, parted into code and detail. */
  #encodeFixed(index: number, vector: ArrayLike<number>, factor: number, whole: number): number {
    const { i8, i16 } = this.views;
    const at = this.codeAt(index) >> 1;
    const detail = this.detailAt(index);
    let lost = 0;
    for (let group = 0; group < whole; group += 16) {
      for (let j = group; j < group + 8; j++) {
        const a = Math.floor((vector[j] ?? 0) * factor + 0.5);
        const b = Math.floor((vector[j + 8] ?? 0) * factor + 0.5);
        const low = (a + 128) >> 8;
        // The kernel reads the low byte as a fraction of the high one; take that fraction off first.
        const fraction = low & 255;
        const high = (b - fraction + 128) >> 8;
        const fineA = a - (low << 8);
        const fineB = b - (high << 8) - fraction;
        i16[at + (group >> 1) + (j & 7)] = (high << 8) | fraction;
        i8[detail + j] = fineA;
        i8[detail + j + 8] = fineB;
        lost += fineA * fineA + fineB * fineB;
      }
    }
    return lost;
  }

  /** From dimension `from` on, whatever the precision. */
  #encodeCoarsely(index: number, vector: ArrayLike<number>, factor: number, from: number): number {
    const { i8 } = this.views;
    const { stride, dimensions, precision } = this.format;
    const at = this.codeAt(index);
    const detail = precision === "float16" ? at + stride : -1;
    let lost = 0;
    for (let group = from; group < stride; group += 16) {
      for (let j = 0; j < 8; j++) {
        const first = group + j;
        const second = first + 8;
        const a = first < dimensions ? (vector[first] ?? 0) * factor : 0;
        const b = second < dimensions ? (vector[second] ?? 0) * factor : 0;
        const low = clamp(Math.round(a), -127, 127);
        // The kernel reads the low byte as a fraction of the high one; take that fraction off first.
        const fraction = low & 255;
        const high = second < dimensions ? clamp(Math.round(b - fraction / 256), -128, 127) : 0;
        i8[at + group + 2 * j] = low;
        i8[at + group + 2 * j + 1] = high;
        if (precision === "int8") continue;
        const fineA = a * 256 - low * 256;
        const fineB = second < dimensions ? b * 256 - (high * 256 + fraction) : 0;
        if (detail < 0) {
          lost += fineA * fineA + fineB * fineB;
          continue;
        }
        const storedA = clamp(Math.round(fineA), -128, 127);
        const storedB = clamp(Math.round(fineB), -128, 127);
        if (first < dimensions) i8[detail + first] = storedA;
        if (second < dimensions) i8[detail + second] = storedB;
        lost += storedA * storedA + storedB * storedB;
      }
    }
    return lost;
  }

  #encodeFloats(index: number, vector: ArrayLike<number>, norm: number): void {
    const { f32 } = this.views;
    const at = this.detailAt(index) >> 2;
    f32[at] = norm;
    for (let i = 0; i < this.format.dimensions; i++) f32[at + 1 + i] = vector[i] ?? 0;
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

  /** Row `index` ranked at full stored precision. */
  rank(index: number, query: Query): number {
    const { views } = this;
    return rankOf(query, views, this.codeAt(index), this.scale(index), views, this.detailAt(index));
  }

  /** Row `index` as it was sent, at the stored precision. */
  original(index: number): number[] {
    const { metric } = this.format;
    const length = metric === "cosine" ? this.originalNorm(index) : 1;
    return Array.from(this.values(index), (value) => Math.fround(value * length));
  }
}

function clamp(value: number, lowest: number, highest: number): number {
  return value < lowest ? lowest : value > highest ? highest : value;
}

/** One buffer per number of dimensions in use, at most 4,096 of them. */
const scratch = new Map<number, Float64Array>();

function scratchOf(dimensions: number): Float64Array {
  const known = scratch.get(dimensions);
  if (known) return known;
  const made = new Float64Array(dimensions);
  scratch.set(dimensions, made);
  return made;
}

/**
 * A vector as it is scored, from its code and its detail, which may lie in different memories.
 * The same bytes give the same numbers wherever they lie, so a score does not change with the tier.
 *
 * @returns a buffer that the next call of the same dimensions overwrites.
 */
export function decode(
  format: RowFormat,
  codes: Views,
  codeAt: number,
  scale: number,
  details: Views,
  detailAt: number,
): Float64Array {
  const values = scratchOf(format.dimensions);
  if (format.precision === "float32") decodeFloats(format, details.f32, detailAt >> 2, values);
  else decodeCode(format, codes.i8, codeAt, scale / 256, details.i8, detailAt, values);
  return values;
}

/**
 * The rank of a vector from its code and its detail: the same bytes rank the same, wherever they lie. The dot product of codes, which every
 * search asks some dozens of times, is taken without decoding first.
 */
export function rankOf(
  query: Query,
  codes: Views,
  codeAt: number,
  scale: number,
  details: Views,
  detailAt: number,
): number {
  const { format } = query;
  if (format.metric === "euclidean" || format.precision === "float32") {
    return query.rank(decode(format, codes, codeAt, scale, details, detailAt));
  }
  const dot =
    format.precision === "float16"
      ? dotWithBoth(query.values, codes, codeAt, details.i8, detailAt)
      : dotWithCode(query.values, codes, codeAt);
  return dot * (scale / 256);
}

/** Code and detail as one number of 16 bits a dimension. Four sums side by side: one alone would wait for each addition before the next. */
function dotWithBoth(query: Float64Array, codes: Views, at: number, details: Int8Array, detailAt: number): number {
  const { i16 } = codes;
  const whole = query.length & ~15;
  let low0 = 0;
  let low1 = 0;
  let high0 = 0;
  let high1 = 0;
  for (let group = 0; group < whole; group += 16) {
    const lanes = (at + group) >> 1;
    const detail = detailAt + group;
    for (let j = 0; j < 8; j += 2) {
      // As a number of 16 bits a lane is 256 times its high part, with the low one as its fraction.
      const first = i16[lanes + j] ?? 0;
      const second = i16[lanes + j + 1] ?? 0;
      low0 += (((first << 24) >> 16) + (details[detail + j] ?? 0)) * (query[group + j] ?? 0);
      low1 += (((second << 24) >> 16) + (details[detail + j + 1] ?? 0)) * (query[group + j + 1] ?? 0);
      high0 += (first + (details[detail + 8 + j] ?? 0)) * (query[group + 8 + j] ?? 0);
      high1 += (second + (details[detail + 9 + j] ?? 0)) * (query[group + 9 + j] ?? 0);
    }
  }
  for (let i = whole; i < query.length; i++) {
    low0 += (codeOf(codes, at, i) + (details[detailAt + i] ?? 0)) * (query[i] ?? 0);
  }
  return low0 + low1 + (high0 + high1);
}

function dotWithCode(query: Float64Array, codes: Views, at: number): number {
  const { i16 } = codes;
  const whole = query.length & ~15;
  let low = 0;
  let high = 0;
  for (let group = 0; group < whole; group += 16) {
    const lanes = (at + group) >> 1;
    for (let j = 0; j < 8; j++) {
      const lane = i16[lanes + j] ?? 0;
      low += ((lane << 24) >> 16) * (query[group + j] ?? 0);
      high += lane * (query[group + 8 + j] ?? 0);
    }
  }
  for (let i = whole; i < query.length; i++) low += codeOf(codes, at, i) * (query[i] ?? 0);
  return low + high;
}

/** The code of dimension `i` of a row, in 256ths of its scale. */
function codeOf({ i16 }: Views, at: number, i: number): number {
  const lane = i16[((at + (i & ~15)) >> 1) + (i & 7)] ?? 0;
  return (i & 15) < 8 ? (lane << 24) >> 16 : lane;
}

function decodeFloats(format: RowFormat, f32: Float32Array, at: number, values: Float64Array): void {
  const unit = format.metric === "cosine" ? 1 / (f32[at] ?? 1) : 1;
  for (let i = 0; i < values.length; i++) values[i] = (f32[at + 1 + i] ?? 0) * unit;
}

function decodeCode(
  format: RowFormat,
  codes: Int8Array,
  codeAt: number,
  step: number,
  details: Int8Array,
  detailAt: number,
  values: Float64Array,
): void {
  const { dimensions, precision } = format;
  const fine = precision === "float16";
  for (let group = 0; group < dimensions; group += 16) {
    const lanes = Math.min(8, dimensions - group);
    for (let j = 0; j < lanes; j++) {
      const low = codes[codeAt + group + 2 * j] ?? 0;
      const high = codes[codeAt + group + 2 * j + 1] ?? 0;
      const first = group + j;
      values[first] = (low * 256 + (fine ? (details[detailAt + first] ?? 0) : 0)) * step;
      const second = first + 8;
      // Past the last dimension there is padding: a write there is dropped, and nothing reads it.
      if (second < dimensions)
        values[second] = (high * 256 + (low & 255) + (fine ? (details[detailAt + second] ?? 0) : 0)) * step;
    }
  }
}
