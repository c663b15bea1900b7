import type { PassageVector } from "../../ports/passage-vectors.ts";
import type { BestScores } from "./best-scores.ts";
import { readVectorCode } from "./vector-code.ts";

const REMOVED = -1;
/** At 384 dimensions a block is 202 KiB: mapped by itself, so that it goes back to the system when it is dropped. */
const BLOCK_ROWS = 512;

/** Rows `0 … BLOCK_ROWS - 1` of a block, in one buffer. */
interface Block {
  ids: Float64Array;
  documents: Float64Array;
  scales: Float32Array;
  codes: Int8Array;
}

/**
 * One scope's vectors in memory, a byte a value: the high bytes of their 16-bit codes. It grows by blocks, so that nothing is
 * copied and nothing left behind. Rows are only added and marked as removed, so that a scan that pauses sees each row once; a
 * copy leaves the removed ones out.
 */
export class PassageSlab {
  readonly dimensions: number;
  readonly #blocks: Block[] = [];
  #count = 0;
  #removed = 0;

  constructor(dimensions: number, capacity: number) {
    this.dimensions = dimensions;
    this.grow(capacity);
  }

  static bytesFor(dimensions: number, capacity: number): number {
    return capacity * (dimensions + 8 + 8 + 4);
  }

  /** Whole blocks, and one at least. */
  static capacityFor(rows: number): number {
    return Math.max(1, Math.ceil(rows / BLOCK_ROWS)) * BLOCK_ROWS;
  }

  get capacity(): number {
    return this.#blocks.length * BLOCK_ROWS;
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

  /** Makes room for `capacity` rows, which must have been granted. */
  grow(capacity: number): void {
    while (this.capacity < capacity) this.#blocks.push(createBlock(this.dimensions));
  }

  add({ id, documentId, vector }: PassageVector): void {
    const block = this.#blocks[Math.floor(this.#count / BLOCK_ROWS)];
    if (block === undefined) throw new RangeError("The slab is full.");
    const row = this.#count % BLOCK_ROWS;
    const { scale, values } = readVectorCode(vector);
    block.ids[row] = id;
    block.documents[row] = documentId;
    block.scales[row] = scale * 256;
    const from = row * this.dimensions;
    for (let at = 0; at < this.dimensions; at++) block.codes[from + at] = ((values[at] ?? 0) + 128) >> 8;
    // Counted last: a scan never meets half a row.
    this.#count++;
  }

  removeDocuments(documentIds: ReadonlySet<number>): number {
    let removed = 0;
    this.#each((block, row) => {
      if (!documentIds.has(block.documents[row] ?? REMOVED)) return;
      block.documents[row] = REMOVED;
      removed++;
    });
    this.#removed += removed;
    return removed;
  }

  has(ids: ReadonlySet<number>): Set<number> {
    const found = new Set<number>();
    this.#each((block, row) => {
      const id = block.ids[row] ?? REMOVED;
      if (ids.has(id)) found.add(id);
    });
    return found;
  }

  /** The live rows in a slab of their own with room for `capacity`. */
  copy(capacity: number): PassageSlab {
    const next = new PassageSlab(this.dimensions, capacity);
    this.#each((block, row) => {
      if (block.documents[row] !== REMOVED) next.#append(block, row);
    });
    return next;
  }

  /** Offers the rows `from … to - 1` to `best`. */
  scan(
    query: Float32Array,
    from: number,
    to: number,
    allows: ((documentId: number) => boolean) | null,
    best: BestScores,
  ): void {
    for (let row = from; row < to; ) {
      const at = Math.floor(row / BLOCK_ROWS);
      const first = at * BLOCK_ROWS;
      const end = Math.min(to, first + BLOCK_ROWS);
      const block = this.#blocks[at];
      if (block !== undefined) scanBlock(block, query, row - first, end - first, allows, best);
      row = end;
    }
  }

  #append(from: Block, row: number): void {
    const block = this.#blocks[Math.floor(this.#count / BLOCK_ROWS)];
    if (block === undefined) throw new RangeError("The slab is full.");
    const to = this.#count % BLOCK_ROWS;
    block.ids[to] = from.ids[row] ?? 0;
    block.documents[to] = from.documents[row] ?? 0;
    block.scales[to] = from.scales[row] ?? 0;
    const start = row * this.dimensions;
    block.codes.set(from.codes.subarray(start, start + this.dimensions), to * this.dimensions);
    this.#count++;
  }

  #each(visit: (block: Block, row: number) => void): void {
    for (const [at, block] of this.#blocks.entries()) {
      const rows = Math.min(BLOCK_ROWS, this.#count - at * BLOCK_ROWS);
      for (let row = 0; row < rows; row++) visit(block, row);
    }
  }
}

function createBlock(dimensions: number): Block {
  const buffer = new ArrayBuffer(PassageSlab.bytesFor(dimensions, BLOCK_ROWS));
  return {
    ids: new Float64Array(buffer, 0, BLOCK_ROWS),
    documents: new Float64Array(buffer, 8 * BLOCK_ROWS, BLOCK_ROWS),
    scales: new Float32Array(buffer, 16 * BLOCK_ROWS, BLOCK_ROWS),
    codes: new Int8Array(buffer, 20 * BLOCK_ROWS, dimensions * BLOCK_ROWS),
  };
}

/** Where a query's time goes: four sums, no call. */
function scanBlock(
  { ids, documents, scales, codes }: Block,
  query: Float32Array,
  from: number,
  to: number,
  allows: ((documentId: number) => boolean) | null,
  best: BestScores,
): void {
  const dimensions = query.length;
  for (let row = from; row < to; row++) {
    const documentId = documents[row] ?? REMOVED;
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
    best.offer(ids[row] ?? 0, documentId, (first + second + third + fourth) * (scales[row] ?? 0));
  }
}
