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
    this.values = Float64Array.from(vector);
    const length = Math.sqrt(this.values.reduce((sum, value) => sum + value * value, 0));
    const norm = format.metric === "cosine" ? 1 : length;
    if (format.metric === "cosine")
      this.values.forEach((value, i) => {
        this.values[i] = value / length;
      });
    const factor = integerFactor(this.values);
    this.integers = new Int16Array(format.stride);
    let lost = 0;
    for (let i = 0; i < this.values.length; i++) {
      const integer = Math.round((this.values[i] ?? 0) * factor);
      this.integers[i] = integer;
      lost += ((this.values[i] ?? 0) - (factor === 0 ? 0 : integer / factor)) ** 2;
    }
    const error = Math.sqrt(lost);
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
    const query = this.values;
    let sum = 0;
    if (this.format.metric === "euclidean") {
      for (let i = 0; i < query.length; i++) {
        const difference = (query[i] ?? 0) - (values[i] ?? 0);
        sum += difference * difference;
      }
      return -sum / 2;
    }
    for (let i = 0; i < query.length; i++) sum += (query[i] ?? 0) * (values[i] ?? 0);
    return sum;
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
