import type { RowFormat } from "./row-format.ts";

/** A lane of the kernel adds up a quarter of the products in 32 bits; codes reach ±2^15, so these may reach 2^16. */
const LARGEST_LANE_SUM = 64_000;
const LARGEST_INTEGER = 32_767;

/**
 * A search's vector, ready to scan: integers for the kernel, with bounds on what they lose, and doubles for the final score.
 *
 * A *rank* orders matches under every metric, larger first: the dot product (of unit vectors under cosine), and minus half the
 * squared distance under euclidean. Cauchy–Schwarz bounds what the scan can have missed of a rank:
 * |v·q − v̂·q̂| ≤ |v − v̂|·(|q| + |q − q̂|) + |v|·|q − q̂|. So the scan keeps every vector that could still be among the best k, and the
 * final answer is exact at the stored precision.
 */
export class Query {
  readonly format: RowFormat;
  readonly values: Float64Array;
  readonly integers: Int16Array;
  readonly scale: number;
  readonly reach: number;
  readonly slack: number;
  readonly bias: number;
  /** Kernel score minus this is a rank. */
  readonly offset: number;

  constructor(format: RowFormat, vector: ArrayLike<number>) {
    this.format = format;
    this.values = new Float64Array(vector);
    const length = lengthOf(this.values);
    const norm = format.metric === "cosine" ? 1 : length;
    if (format.metric === "cosine") {
      for (let i = 0; i < this.values.length; i++) this.values[i] = (this.values[i] ?? 0) / length;
    }
    const factor = integerFactor(this.values);
    this.integers = new Int16Array(format.stride);
    let lost = 0;
    for (let i = 0; i < this.values.length; i++) {
      const exact = (this.values[i] ?? 0) * factor;
      const integer = Math.round(exact);
      this.integers[i] = integer;
      lost += (exact - integer) * (exact - integer);
    }
    const error = factor === 0 ? 0 : Math.sqrt(lost) / factor;
    this.scale = factor === 0 ? 0 : 1 / (256 * factor);
    this.reach = (norm + error) * (1 + 1e-6);
    // The last term covers float32's own rounding in the kernel.
    this.slack = error * (1 + 1e-6) + norm * 2e-6;
    this.bias = format.metric === "euclidean" ? 0.5 : 0;
    this.offset = format.metric === "euclidean" ? (norm * norm) / 2 : 0;
  }

  /** What may lie between a kernel score and the true rank plus `offset`. */
  margin(error: number, norm: number): number {
    return error * this.reach + norm * this.slack + norm * norm * this.bias * 2e-6;
  }

  /** A threshold on ranks as the kernel takes it: float32, and never above what was meant. */
  kernelThreshold(rank: number): number {
    const score = rank + this.offset;
    return score - (Math.abs(score) + this.offset) * 1e-6 - 1e-30;
  }

  /** The rank of a decoded vector. */
  rank(values: Float64Array): number {
    return this.format.metric === "euclidean"
      ? -squaredDistance(this.values, values) / 2
      : dotProduct(this.values, values);
  }

  /** The score that the answer shows: cosine, dot product, or minus the distance (so that larger is better everywhere). */
  scoreOf(rank: number): number {
    if (this.format.metric === "euclidean") return -Math.sqrt(Math.max(0, -2 * rank));
    return this.format.metric === "cosine" ? Math.max(-1, Math.min(1, rank)) : rank;
  }

  /** The lowest rank whose score reaches `minScore`. */
  rankFloor(minScore: number | undefined): number {
    if (minScore === undefined) return Number.NEGATIVE_INFINITY;
    if (this.format.metric !== "euclidean") return minScore;
    return minScore > 0 ? Number.POSITIVE_INFINITY : -(minScore * minScore) / 2;
  }
}

/** The largest factor that keeps every lane's sum of products within 32 bits, whatever the codes are. */
function integerFactor(values: Float64Array): number {
  const lanes = [0, 0, 0, 0];
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] ?? 0);
    const lane = (i & 7) >> 1;
    lanes[lane] = (lanes[lane] ?? 0) + size;
    largest = Math.max(largest, size);
  }
  if (largest === 0) return 0;
  return Math.min(LARGEST_INTEGER / largest, LARGEST_LANE_SUM / Math.max(...lanes));
}

export function lengthOf(values: Float64Array): number {
  return Math.sqrt(dotProduct(values, values));
}

/** Four sums side by side: one alone would wait for each addition before the next. */
function dotProduct(a: Float64Array, b: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = a.length - (a.length % 4);
  for (let i = 0; i < whole; i += 4) {
    s0 += (a[i] ?? 0) * (b[i] ?? 0);
    s1 += (a[i + 1] ?? 0) * (b[i + 1] ?? 0);
    s2 += (a[i + 2] ?? 0) * (b[i + 2] ?? 0);
    s3 += (a[i + 3] ?? 0) * (b[i + 3] ?? 0);
  }
  for (let i = whole; i < a.length; i++) s0 += (a[i] ?? 0) * (b[i] ?? 0);
  return s0 + s1 + (s2 + s3);
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  const whole = a.length - (a.length % 2);
  for (let i = 0; i < whole; i += 2) {
    const x = (a[i] ?? 0) - (b[i] ?? 0);
    const y = (a[i + 1] ?? 0) - (b[i + 1] ?? 0);
    s0 += x * x;
    s1 += y * y;
  }
  if (whole < a.length) s0 += ((a[whole] ?? 0) - (b[whole] ?? 0)) ** 2;
  return s0 + s1;
}
