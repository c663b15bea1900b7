import { Views } from "../store/views.ts";
import { fromHalfBits, halfBits } from "./half.ts";
import { lengthOf, type Query } from "./query.ts";
import { decode, rankOf, sentFloats } from "./row-decode.ts";
import { HEADER_BYTES, keepsFloats, type RowFormat } from "./row-format.ts";

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

  /** Stores `sent` as row `index`. The caller has checked it (see vector-check.ts). */
  encode(index: number, sent: ArrayLike<number>): void {
    const { format, views } = this;
    // Of halves everything is reckoned as they are rounded, so that bounds and norms are those of what is stored.
    const vector = format.precision === "float16" ? Float64Array.from(sent, toHalf) : sent;
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
    if (keepsFloats(format)) this.#encodeFloats(index, vector, originalNorm);
    // A distance is taken to what is stored, so under euclidean its length counts, not the original's.
    if (format.metric === "euclidean") views.f32[header + 2] = lengthOf(this.values(index));
    // Rounded up: a bound that float32 rounds down is none.
    views.f32[header + 1] = (Math.sqrt(lost) * scale * (1 + 1e-6)) / 256;
  }

  /** Writes the code, and the detail of an int16. @returns the squared distance from code to stored value, in 256ths of the scale. */
  #encodeCode(index: number, vector: ArrayLike<number>, factor: number): number {
    const { dimensions, precision } = this.format;
    if (precision !== "int16") return this.#encodeCoarsely(index, vector, factor, 0);
    const whole = dimensions & ~15;
    return this.#encodeFixed(index, vector, factor * 256, whole) + this.#encodeCoarsely(index, vector, factor, whole);
  }

  /** Whole groups of an int16, in integers: each value in 256ths of the scale, parted into code and detail. */
  #encodeFixed(index: number, vector: ArrayLike<number>, factor: number, whole: number): number {
    const { i8, i16 } = this.views;
    const at = this.codeAt(index) >> 1;
    const detail = this.detailAt(index);
    let lost = 0;
    for (let group = 0; group < whole; group += 16) {
      for (let j = group; j < group + 8; j++) {
        const a = Math.floor((vector[j] ?? 0) * factor + 0.5);
        const b = Math.floor((vector[j + 8] ?? 0) * factor + 0.5);
        const lane = laneOf(a, b);
        const fineA = a - ((lane << 24) >> 16);
        const fineB = b - lane;
        i16[at + (group >> 1) + (j & 7)] = lane;
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
    const detail = precision === "int16" ? at + stride : -1;
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
    const { f32, i16 } = this.views;
    const { dimensions, precision } = this.format;
    const at = this.detailAt(index);
    f32[at >> 2] = norm;
    const first = at + 4;
    if (precision === "float16") {
      for (let i = 0; i < dimensions; i++) i16[(first >> 1) + i] = halfBits(vector[i] ?? 0);
    } else for (let i = 0; i < dimensions; i++) f32[(first >> 2) + i] = vector[i] ?? 0;
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
    return Array.from(this.#original(index), Math.fround);
  }

  /** How far the values of row `index` as they come back lie from `sent`: the sum of the differences, and the largest. */
  differences(index: number, sent: ArrayLike<number>): { sum: number; largest: number } {
    const values = this.#original(index);
    let sum = 0;
    let largest = 0;
    for (let i = 0; i < values.length; i++) {
      const apart = Math.abs(Math.fround(values[i] ?? 0) - (sent[i] ?? 0));
      sum += apart;
      if (apart > largest) largest = apart;
    }
    return { sum, largest };
  }

  #original(index: number): Float64Array {
    if (keepsFloats(this.format)) return sentFloats(this.format, this.views, this.detailAt(index));
    const values = this.values(index);
    const length = this.format.metric === "cosine" ? this.originalNorm(index) : 1;
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * length;
    return values;
  }
}

/** A kernel's lane of the high bytes of two numbers of 16 bits. */
export function laneOf(low: number, high: number): number {
  const first = (low + 128) >> 8;
  // The kernel reads the low byte as a fraction of the high one; take that fraction off first.
  const fraction = first & 255;
  return (((high - fraction + 128) >> 8) << 8) | fraction;
}

function toHalf(value: number): number {
  return fromHalfBits(halfBits(value));
}

function clamp(value: number, lowest: number, highest: number): number {
  return value < lowest ? lowest : value > highest ? highest : value;
}
