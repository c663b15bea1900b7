const DIMENSIONS = 384;
const PARTS = 16;
const VARIANTS = 512;
const PART_SIZE = DIMENSIONS / PARTS;

/**
 * Any number of vectors of 384 dimensions, each put together of 16 parts out of 512 variants: as text they cost a join, and an exact
 * scan of a million costs sixteen additions a vector.
 */
export class LargeCorpus {
  readonly dimensions = DIMENSIONS;
  readonly #values: Float64Array[] = [];
  readonly #texts: string[] = [];
  readonly #squares: number[] = [];

  constructor(seed = 1) {
    let state = seed;
    const next = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return ((state >>> 8) / 2 ** 24) * 2 - 1;
    };
    for (let i = 0; i < PARTS * VARIANTS; i++) {
      // The sum of three is bell-shaped enough.
      const part = Float64Array.from({ length: PART_SIZE }, () => Math.round((next() + next() + next()) * 100) / 100);
      this.#values.push(part);
      this.#texts.push(part.join(","));
      this.#squares.push(part.reduce((sum, value) => sum + value * value, 0));
    }
  }

  /** The point as JSON text. */
  json(id: number): string {
    const parts = Array.from({ length: PARTS }, (_, part) => this.#texts[variant(id, part)]);
    return `{"id":"v${id}","vector":[${parts.join(",")}],"metadata":{"n":${id}}}`;
  }

  vector(id: number): Float64Array {
    const vector = new Float64Array(DIMENSIONS);
    for (let part = 0; part < PARTS; part++) vector.set(this.#values[variant(id, part)] ?? [], part * PART_SIZE);
    return vector;
  }

  body(from: number, to: number): string {
    return `{"points":[${Array.from({ length: to - from }, (_, i) => this.json(from + i)).join(",")}]}`;
  }

  /** A query near vector `id`, but for a quarter of its parts. */
  query(id: number): number[] {
    return Array.from({ length: PARTS }, (_, part) => variant(part % 4 === 3 ? id + 7_919 : id, part)).flatMap((at) =>
      Array.from(this.#values[at] ?? []),
    );
  }

  /** The ten nearest of the first `count` by cosine, exactly. */
  nearest(query: readonly number[], count: number): string[] {
    const dots = this.#values.map((values, at) => {
      const offset = Math.floor(at / VARIANTS) * PART_SIZE;
      return values.reduce((sum, value, i) => sum + value * (query[offset + i] ?? 0), 0);
    });
    const best: { id: number; score: number }[] = [];
    for (let id = 0; id < count; id++) {
      let dot = 0;
      let squares = 0;
      for (let part = 0; part < PARTS; part++) {
        const at = variant(id, part);
        dot += dots[at] ?? 0;
        squares += this.#squares[at] ?? 0;
      }
      const score = dot / Math.sqrt(squares);
      if (best.length === 10 && score <= (best[9]?.score ?? 0)) continue;
      best.push({ id, score });
      best.sort((a, b) => b.score - a.score);
      best.length = Math.min(10, best.length);
    }
    return best.map(({ id }) => `v${id}`);
  }
}

/** Which of all parts stands at a place of a vector. */
function variant(id: number, part: number): number {
  let mixed = Math.imul(id + 1, 0x9e3779b1) ^ Math.imul(part + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return part * VARIANTS + (((mixed ^ (mixed >>> 13)) >>> 0) % VARIANTS);
}
