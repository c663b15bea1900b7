import { realCorpus } from "../../bench/vectors/real-corpus.ts";

/** Real vectors as points with ids v0, v1, …, and an exact scan over them. */
export class RealVectors {
  readonly dimensions: number;
  readonly #vectors: Float32Array;
  readonly #queries: readonly Float32Array[];

  private constructor(dimensions: number, vectors: Float32Array, queries: readonly Float32Array[]) {
    this.dimensions = dimensions;
    this.#vectors = vectors;
    this.#queries = queries;
  }

  /** Null where ../shared/data is not there. Embedding takes some 10 ms a text, the first time. */
  static async embed(count: number): Promise<RealVectors | null> {
    const corpus = await realCorpus(count, 100);
    return corpus && new RealVectors(corpus.dimensions, corpus.vectors, corpus.queries);
  }

  body(from: number, to: number): string {
    const points = Array.from({ length: to - from }, (_, i) => {
      // Seven decimals are more than float32 holds of a unit vector, and half as long as all of its digits.
      const values = Array.from(this.#row(from + i), (value) => value.toFixed(7));
      return `{"id":"v${from + i}","vector":[${values.join(",")}],"metadata":{"n":${from + i}}}`;
    });
    return `{"points":[${points.join(",")}]}`;
  }

  query(number: number): number[] {
    return Array.from(this.#queries[number % this.#queries.length] ?? []);
  }

  /** The ten nearest of the first `count` by cosine; the model's vectors have length one. */
  nearest(query: readonly number[], count: number): string[] {
    const best: { id: number; score: number }[] = [];
    for (let id = 0; id < count; id++) {
      const row = this.#row(id);
      let score = 0;
      for (let i = 0; i < row.length; i++) score += (row[i] ?? 0) * (query[i] ?? 0);
      if (best.length === 10 && score <= (best[9]?.score ?? 0)) continue;
      best.push({ id, score });
      best.sort((a, b) => b.score - a.score);
      best.length = Math.min(best.length, 10);
    }
    return best.map(({ id }) => `v${id}`);
  }

  #row(id: number): Float32Array {
    return this.#vectors.subarray(id * this.dimensions, (id + 1) * this.dimensions);
  }
}
