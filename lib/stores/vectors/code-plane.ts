import type { ScanStream } from "./kernel.ts";
import type { Query } from "./query.ts";
import type { RowBatch } from "./row-codec.ts";
import { HEADER_BYTES, type RowFormat } from "./row-format.ts";
import { BLOCK_BYTES, type Block, SCRATCH_FINDS, SCRATCH_OUT, type SlabArena } from "./slab-arena.ts";
import type { Views } from "./views.ts";

export const NOT_HOT = -1;
/** row number (f64), handle of the detail (i32), scale, error and norm (f32). */
const BESIDE_BYTES = 24;
/** Blocks that are scanned side by side, where they lie in one slab. */
const STREAMS = 4;

/** What a scan found: slots, and bounds on their ranks. Each scan overwrites the last one's. */
export class Finds {
  readonly slots = new Int32Array(SCRATCH_FINDS);
  readonly lowers = new Float64Array(SCRATCH_FINDS);
  readonly uppers = new Float64Array(SCRATCH_FINDS);
  count = 0;
}

/**
 * The codes of one collection, dense: slots 0…count-1, removal moves the last into the hole. Each block holds, column by column, the row
 * numbers, handles, scales, errors and norms of its slots, then the codes.
 */
export class CodePlane {
  readonly #arena: SlabArena;
  readonly #format: RowFormat;
  readonly #blocks: Block[] = [];
  /** Rows in a block: a multiple of 4. */
  readonly rowsPerBlock: number;
  /** Where the codes begin in a block. */
  readonly #codesAt: number;
  #count = 0;

  constructor(arena: SlabArena, format: RowFormat) {
    this.#arena = arena;
    this.#format = format;
    this.rowsPerBlock = Math.floor((BLOCK_BYTES - 16) / (format.stride + BESIDE_BYTES) / 4) * 4;
    this.#codesAt = Math.ceil((BESIDE_BYTES * this.rowsPerBlock) / 16) * 16;
    if (STREAMS * this.rowsPerBlock > SCRATCH_FINDS)
      throw new RangeError("a scan could find more than it has room for");
  }

  get count(): number {
    return this.#count;
  }

  get held(): readonly Block[] {
    return this.#blocks;
  }

  get blocks(): number {
    return this.#blocks.length;
  }

  get bytes(): number {
    return this.#blocks.length * BLOCK_BYTES;
  }

  /** Makes room for one more; false when the arena has none. */
  reserve(): boolean {
    if (this.#count < this.#blocks.length * this.rowsPerBlock) return true;
    const block = this.#arena.allocate();
    if (block) this.#blocks.push(block);
    return block !== null;
  }

  /** A new last slot (`reserve` came first), with undefined contents. */
  append(): number {
    return this.#count++;
  }

  rowAt(slot: number): number {
    const block = this.#block(slot);
    return block.slab.views.f64[block.offset / 8 + (slot % this.rowsPerBlock)] ?? 0;
  }

  handleAt(slot: number): number {
    return this.#block(slot).slab.views.i32[this.#column(slot, 8)] ?? NOT_HOT;
  }

  setHandle(slot: number, handle: number): void {
    this.#block(slot).slab.views.i32[this.#column(slot, 8)] = handle;
  }

  scaleAt(slot: number): number {
    return this.#block(slot).slab.views.f32[this.#column(slot, 12)] ?? 0;
  }

  /** Where the slot's code lies, as a byte offset in its block's slab. */
  codeAt(slot: number): number {
    return this.#block(slot).offset + this.#codesAt + (slot % this.rowsPerBlock) * this.#format.stride;
  }

  viewsAt(slot: number) {
    return this.#block(slot).slab.views;
  }

  /** Fills a slot, but for its handle, from row `index` of a batch. */
  write(slot: number, row: number, batch: RowBatch, index: number): void {
    const block = this.#block(slot);
    const { f64, f32, i8 } = block.slab.views;
    f64[block.offset / 8 + (slot % this.rowsPerBlock)] = row;
    f32[this.#column(slot, 12)] = batch.scale(index);
    f32[this.#column(slot, 16)] = batch.error(index);
    f32[this.#column(slot, 20)] = batch.norm(index);
    const from = batch.rowAt(index) + HEADER_BYTES;
    i8.set(batch.views.i8.subarray(from, from + this.#format.stride), this.codeAt(slot));
  }

  /** Copies a slot whole, handle included, over another. */
  copy(from: number, to: number): void {
    const source = this.#block(from).slab.views;
    const target = this.#block(to).slab.views;
    const block = this.#block(to);
    block.slab.views.f64[block.offset / 8 + (to % this.rowsPerBlock)] = this.rowAt(from);
    for (const column of [8, 12, 16, 20]) {
      target.i32[this.#column(to, column)] = source.i32[this.#column(from, column)] ?? 0;
    }
    const at = this.codeAt(from);
    target.i8.set(source.i8.subarray(at, at + this.#format.stride), this.codeAt(to));
  }

  /** Lets the last slot go, and its block when that is empty. */
  dropLast(): void {
    this.#count--;
    if (this.#count > (this.#blocks.length - 1) * this.rowsPerBlock) return;
    const block = this.#blocks.pop();
    if (block) this.#arena.free(block);
  }

  /**
   * Runs the kernel over the next blocks from `first` on, several side by side where they lie in one slab, and leaves the rows whose upper
   * bound reaches the rank `threshold` in `finds`.
   *
   * @returns the blocks it scanned.
   */
  scan(first: number, query: Query, threshold: number, finds: Finds): number {
    const block = this.#blocks[first];
    finds.count = 0;
    if (!block) return 0;
    // Without a threshold everything is found: one block is enough to learn one.
    const blocks = threshold === Number.NEGATIVE_INFINITY ? 1 : this.#sideBySide(first, block);
    const rows = this.rowsPerBlock;
    const count = Math.min(blocks * rows, this.#count - first * rows);
    const span = Math.ceil(count / STREAMS);
    const { views, memory } = block.slab;
    if (block.slab.query !== query.integers) {
      block.slab.query = query.integers;
      views.i16.set(query.integers, 0);
    }
    finds.count = memory.scan({
      streams: [
        this.#stream(first * rows),
        this.#stream(first * rows + span),
        this.#stream(first * rows + 2 * span),
        this.#stream(first * rows + 3 * span),
      ],
      columnBytes: 4 * rows,
      stride: this.#format.stride,
      span,
      count,
      query: 0,
      queryScale: query.scale,
      queryReach: query.reach,
      querySlack: query.slack,
      bias: query.bias,
      threshold: query.kernelThreshold(threshold),
      out: SCRATCH_OUT,
    });
    this.#bound(first * rows, views, query, finds);
    return blocks;
  }

  /** Turns what the kernel wrote into slots and bounds on their ranks. */
  #bound(firstSlot: number, { i32, f32 }: Views, query: Query, finds: Finds): void {
    const from = SCRATCH_OUT >> 2;
    for (let i = 0; i < finds.count; i++) {
      const slot = firstSlot + (i32[from + 2 * i] ?? 0);
      const column = this.#column(slot, 16);
      const margin = query.margin(f32[column] ?? 0, f32[column + this.rowsPerBlock] ?? 0);
      const rank = (f32[from + 2 * i + 1] ?? 0) - query.offset;
      finds.slots[i] = slot;
      finds.lowers[i] = rank - margin;
      finds.uppers[i] = rank + margin;
    }
  }

  /** Where the rows from `slot` on lie. */
  #stream(slot: number): ScanStream {
    const block = this.#block(slot);
    const place = slot % this.rowsPerBlock;
    return {
      codes: block.offset + this.#codesAt + place * this.#format.stride,
      scales: block.offset + 12 * this.rowsPerBlock + 4 * place,
    };
  }

  /** How many full blocks from `first` on lie in its slab: 4, 2 or 1, which cut into four streams of whole rows. */
  #sideBySide(first: number, { slab }: Block): number {
    const full = Math.floor(this.#count / this.rowsPerBlock) - first;
    let together = 1;
    while (together < Math.min(full, STREAMS) && this.#blocks[first + together]?.slab === slab) together++;
    return together === 3 ? 2 : together;
  }

  #block(slot: number): Block {
    const block = this.#blocks[Math.floor(slot / this.rowsPerBlock)];
    if (!block) throw new RangeError(`no slot ${slot}`);
    return block;
  }

  /** Index (in 4-byte elements) of a slot's entry in the column that begins `bytes` per row into the block. */
  #column(slot: number, bytes: number): number {
    return (this.#block(slot).offset + bytes * this.rowsPerBlock) / 4 + (slot % this.rowsPerBlock);
  }
}
