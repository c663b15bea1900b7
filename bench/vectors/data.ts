/** Vectors for the benchmark, the same at every run. */
export interface Corpus {
  dimensions: number;
  vectors: Float32Array;
  count: number;
  queries: Float32Array[];
}

/** Directions drawn evenly from the sphere: the hardest case for pruning. */
export function syntheticCorpus(count: number, dimensions: number, queries: number): Corpus {
  const normal = normalNumbers(1);
  const vectors = Float32Array.from({ length: count * dimensions }, normal);
  for (let i = 0; i < count; i++) normalise(vectors.subarray(i * dimensions, (i + 1) * dimensions));
  const asked = Array.from({ length: queries }, () => normalise(Float32Array.from({ length: dimensions }, normal)));
  return { dimensions, vectors, count, queries: asked };
}

function normalNumbers(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function normalise(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
}

/** The ten nearest by cosine, by a scan in double precision. */
export function exactTen({ vectors, count, dimensions }: Corpus, query: Float32Array): number[] {
  const best: { id: number; score: number }[] = [];
  for (let id = 0; id < count; id++) {
    let score = 0;
    for (let i = 0; i < dimensions; i++) score += (vectors[id * dimensions + i] ?? 0) * (query[i] ?? 0);
    if (best.length === 10 && score <= (best[9]?.score ?? 0)) continue;
    best.push({ id, score });
    best.sort((a, b) => b.score - a.score);
    best.length = Math.min(best.length, 10);
  }
  return best.map(({ id }) => id);
}
