import type { Views } from "../store/views.ts";
import { fromHalfBits } from "./half.ts";
import type { Query } from "./query.ts";
import { keepsFloats, type RowFormat } from "./row-format.ts";

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
 * A vector as it is scored, from its code and its detail, which may lie in different memories. The same bytes give the
 * same numbers wherever they lie, so a score does not change with the tier.
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
  if (keepsFloats(format)) decodeFloats(format, details, detailAt, unitOf(format, details, detailAt), values);
  else decodeCode(format, codes.i8, codeAt, scale / 256, details.i8, detailAt, values);
  return values;
}

/** The floats of a detail as they were sent. The result is reused by the next call of the same dimensions. */
export function sentFloats(format: RowFormat, details: Views, detailAt: number): Float64Array {
  const values = scratchOf(format.dimensions);
  decodeFloats(format, details, detailAt, 1, values);
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
  if (format.metric === "euclidean" || keepsFloats(format)) {
    return query.rank(decode(format, codes, codeAt, scale, details, detailAt));
  }
  const dot =
    format.precision === "int16"
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

/** What makes floats as they were sent the vector as it is scored. */
function unitOf({ metric }: RowFormat, { f32 }: Views, detailAt: number): number {
  return metric === "cosine" ? 1 / (f32[detailAt >> 2] ?? 1) : 1;
}

/** Floats times `unit`. */
function decodeFloats(
  { precision }: RowFormat,
  { f32, i16 }: Views,
  detailAt: number,
  unit: number,
  values: Float64Array,
): void {
  if (precision === "float16") {
    const at = (detailAt + 4) >> 1;
    for (let i = 0; i < values.length; i++) values[i] = fromHalfBits((i16[at + i] ?? 0) & 0xffff) * unit;
    return;
  }
  const at = (detailAt + 4) >> 2;
  for (let i = 0; i < values.length; i++) values[i] = (f32[at + i] ?? 0) * unit;
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
  const fine = precision === "int16";
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
