import type { PassageVector } from "../../ports/passage-vectors.ts";
import type { BestScores } from "./best-scores.ts";
import { readVectorCode } from "./vector-code.ts";

const REMOVED = -1;
const FIRST_CAPACITY = 256;

/**
 * One scope's vectors in memory, a byte a value: the high bytes of their 16-bit codes. Rows are only added and marked as
 * removed, so that a scan that pauses sees each row once; a copy leaves the removed ones out.
 */
export class PassageSlab {
  readonly dimensions: number;
  readonly capacity: number;
  readonly #ids: Float64Array;
  readonly #documents: Float64Array;
  readonly #scales: Float32Array;
  readonly #codes: Int8Array;
  #count = 0;
  #removed = 0;

  constructor(dimensions: number, capacity: number) {
    this.dimensions = dimensions;
    this.capacity = capacity;
    this.#ids = new Float64Array(capacity);
    this.#documents = new Float64Array(capacity);
    this.#scales = new Float32Array(capacity);
    this.#codes = new Int8Array(capacity * dimensions);
  }

  static bytesFor(dimensions: number, capacity: number): number {
    return capacity * (dimensions + 8 + 8 + 4);
  }

  static capacityFor(rows: number): number {
    let capacity = FIRST_CAPACITY;
    while (capacity < rows) capacity = Math.ceil(capacity * 1.25);
    return capacity;
  }

  get bytes(): number {
    return PassageSlab.bytesFor(this.dimensions, this.capacity);
  }

  /** Rows in use, removed ones among them. */
  get count(): number {
    return this.#count;
  }

  get live(): number {
    return this.#count - this.#removed;
  }

  get removed(): number {
    return this.#removed;
  }

  add({ id, documentId, vector }: PassageVector): void {
    if (this.#count >= this.capacity) throw new RangeError("The slab is full.");
    const row = this.#count;
    const { scale, values } = readVectorCode(vector);
    this.#ids[row] = id;
    this.#documents[row] = documentId;
    this.#scales[row] = scale * 256;
    const from = row * this.dimensions;
    for (let at = 0; at < this.dimensions; at++) this.#codes[from + at] = ((values[at] ?? 0) + 128) >> 8;
    // Counted last: a scan never meets half a row.
    this.#count++;
  }

  removeDocuments(documentIds: ReadonlySet<number>): number {
    let removed = 0;
    for (let row = 0; row < this.#count; row++) {
      if (!documentIds.has(this.#documents[row] ?? REMOVED)) continue;
      this.#documents[row] = REMOVED;
      removed++;
    }
    this.#removed += removed;
    return removed;
  }

  has(ids: ReadonlySet<number>): Set<number> {
    const found = new Set<number>();
    for (let row = 0; row < this.#count; row++) {
      const id = this.#ids[row] ?? REMOVED;
      if (ids.has(id)) found.add(id);
    }
    return found;
  }

  /** The live rows in a slab of their own with room for `capacity`. */
  copy(capacity: number): PassageSlab {
    const next = new PassageSlab(this.dimensions, capacity);
    for (let row = 0; row < this.#count; row++) {
      if (this.#documents[row] === REMOVED) continue;
      next.#ids[next.#count] = this.#ids[row] ?? 0;
      next.#documents[next.#count] = this.#documents[row] ?? 0;
      next.#scales[next.#count] = this.#scales[row] ?? 0;
      const from = row * this.dimensions;
      next.#codes.set(this.#codes.subarray(from, from + this.dimensions), next.#count * this.dimensions);
      next.#count++;
    }
    return next;
  }

  /** Offers the rows `from … to - 1` to `best`. The inner loop is where a query's time goes: four sums, no call. */
  scan(
    query: Float32Array,
    from: number,
    to: number,
    allows: ((documentId: number) => boolean) | null,
    best: BestScores,
  ): void {
    const { dimensions } = this;
    const codes = this.#codes;
    for (let row = from; row < to; row++) {
      const documentId = this.#documents[row] ?? REMOVED;
      if (documentId === REMOVED || (allows !== null && !allows(documentId))) continue;
      const base = row * dimensions;
      let first = 0;
      let second = 0;
      let third = 0;
      let fourth = 0;
      let at = 0;
      for (; at + 3 < dimensions; at += 4) {
        first += (query[at] as number) * (codes[base + at] as number);
        second += (query[at + 1] as number) * (codes[base + at + 1] as number);
        third += (query[at + 2] as number) * (codes[base + at + 2] as number);
        fourth += (query[at + 3] as number) * (codes[base + at + 3] as number);
      }
      for (; at < dimensions; at++) first += (query[at] as number) * (codes[base + at] as number);
      best.offer(this.#ids[row] ?? 0, documentId, (first + second + third + fourth) * (this.#scales[row] ?? 0));
    }
  }
}
