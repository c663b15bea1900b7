import type { ScanStream } from "../codec/kernel.ts";
import type { Query } from "../codec/query.ts";
import type { RowBatch } from "../codec/row-codec.ts";
import { HEADER_BYTES, type RowFormat } from "../codec/row-format.ts";
import type { Views } from "../store/views.ts";
import { type BlockArena, SMALL_BYTES } from "./block-arena.ts";
import { grownCapacity, shrunkCapacity } from "./capacity.ts";
import { BLOCK_BYTES, type Block, SCRATCH_FINDS, SCRATCH_OUT, type Slab } from "./slab.ts";

export const NOT_HOT = -1;
/** row number (f64), handle of the detail (i32), scale, error and norm (f32). */
const BESIDE_BYTES = 24;
/** Bytes a row that the columns before the codes take, in their order. */
const COLUMNS = [8, 4, 4, 4, 4];
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
 * numbers, handles, scales, errors and norms of its slots, then the codes. A plane of one block has it as small as its rows: it grows and
 * shrinks with them.
 */
export class CodePlane {
  readonly #arena: BlockArena;
  readonly #format: RowFormat;
  readonly #blocks: Block[] = [];
  /** Rows in a whole block: a multiple of 4. */
  readonly rowsPerBlock: number;
  /** Rows that each of its blocks has room for now. */
  #rows = 0;
  /** Where the codes begin in a block. */
  #codesAt = 0;
  #count = 0;

  constructor(arena: BlockArena, format: RowFormat) {
    this.#arena = arena;
    this.#format = format;
    this.rowsPerBlock = Math.floor((BLOCK_BYTES - 16) / (format.stride + BESIDE_BYTES) / 4) * 4;
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
    return this.#blocks.length * (this.#blocks[0]?.bytes ?? 0);
  }

  /** Rows in its last block. */
  get inLastBlock(): number {
    return this.#count - Math.max(0, this.#blocks.length - 1) * this.#rows;
  }

  /** The slots of the first `blocks` blocks. */
  slotsIn(blocks: number): number {
    return blocks * this.#rows;
  }

  /** Makes room for one more; false when the arena has none. */
  reserve(): boolean {
    if (this.#count < this.#blocks.length * this.#rows) return true;
    if (this.#rows < this.rowsPerBlock) return this.#grow();
    const block = this.#arena.allocate(BLOCK_BYTES);
    if (block) this.#blocks.push(block);
    return block !== null;
  }

  /** A new last slot (`reserve` came first), with undefined contents. */
  append(): number {
    return this.#count++;
  }

  rowAt(slot: number): number {
    const block = this.#block(slot);
    return block.slab.views.f64[block.offset / 8 + (slot % this.#rows)] ?? 0;
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
    return this.#block(slot).offset + this.#codesAt + (slot % this.#rows) * this.#format.stride;
  }

  viewsAt(slot: number) {
    return this.#block(slot).slab.views;
  }

  /** Fills a slot, but for its handle, from row `index` of a batch. */
  write(slot: number, row: number, batch: RowBatch, index: number): void {
    const block = this.#block(slot);
    const { f64, f32, i8 } = block.slab.views;
    f64[block.offset / 8 + (slot % this.#rows)] = row;
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
    block.slab.views.f64[block.offset / 8 + (to % this.#rows)] = this.rowAt(from);
    for (const column of [8, 12, 16, 20]) {
      target.i32[this.#column(to, column)] = source.i32[this.#column(from, column)] ?? 0;
    }
    const at = this.codeAt(from);
    target.i8.set(source.i8.subarray(at, at + this.#format.stride), this.codeAt(to));
  }

  /** Lets the last slot go, and the room that is then too much. */
  dropLast(): void {
    this.#count--;
    if (this.#count > (this.#blocks.length - 1) * this.#rows) {
      this.#shrink();
      return;
    }
    const block = this.#blocks.pop();
    if (block) this.#arena.free(block);
    if (this.#count === 0) this.#setRows(0);
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
    const rows = this.#rows;
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
      const margin = query.margin(f32[column] ?? 0, f32[column + this.#rows] ?? 0);
      const rank = (f32[from + 2 * i + 1] ?? 0) - query.offset;
      finds.slots[i] = slot;
      finds.lowers[i] = rank - margin;
      finds.uppers[i] = rank + margin;
    }
  }

  /** Where the rows from `slot` on lie. A stream past the end of a block of fewer than four rows reads the last one: its numbers are not counted. */
  #stream(slot: number): ScanStream {
    const inside = Math.min(slot, this.#blocks.length * this.#rows - 1);
    const block = this.#block(inside);
    const place = inside % this.#rows;
    return {
      codes: block.offset + this.#codesAt + place * this.#format.stride,
      scales: block.offset + 12 * this.#rows + 4 * place,
    };
  }

  /** How many full blocks from `first` on lie in its slab: 4, 2 or 1, which cut into four streams of whole rows. */
  #sideBySide(first: number, { slab }: Block): number {
    const full = Math.floor(this.#count / this.#rows) - first;
    let together = 1;
    while (together < Math.min(full, STREAMS) && this.#blocks[first + together]?.slab === slab) together++;
    return together === 3 ? 2 : together;
  }

  /** Gives the only block room for more rows, or makes it. */
  #grow(): boolean {
    const wanted = grownCapacity(this.#rows);
    const bytes = this.#bytesOf(wanted);
    const whole = bytes > SMALL_BYTES || wanted > this.rowsPerBlock;
    const [rows, size] = whole ? [this.rowsPerBlock, BLOCK_BYTES] : [wanted, bytes];
    const only = this.#blocks[0];
    if (only) {
      if (!this.#arena.grow(only, size, (from, to) => this.#relayout(from, to, rows))) return false;
    } else {
      const block = this.#arena.allocate(size);
      if (!block) return false;
      this.#blocks.push(block);
    }
    this.#setRows(rows);
    return true;
  }

  /** Lets the only block's room go when three quarters of it are free. */
  #shrink(): void {
    const only = this.#blocks[0];
    if (!only || this.#blocks.length > 1 || this.#count * 4 > this.#rows) return;
    const rows = shrunkCapacity(this.#count);
    const bytes = this.#bytesOf(rows);
    if (rows >= this.#rows || bytes > SMALL_BYTES) return;
    this.#arena.shrink(only, bytes, (from, to) => this.#relayout(from, to, rows));
    this.#setRows(rows);
  }

  /** Copies what is stored from the columns as they are to columns of `rows` rows: in order, as shrinking moves each towards the front. */
  #relayout(from: { slab: Slab; offset: number }, to: { slab: Slab; offset: number }, rows: number): void {
    const source = from.slab.views.u8;
    const target = to.slab.views.u8;
    const copy = (fromAt: number, toAt: number, bytes: number) =>
      target.set(source.subarray(from.offset + fromAt, from.offset + fromAt + bytes), to.offset + toAt);
    let column = 0;
    for (const size of COLUMNS) {
      copy(column * this.#rows, column * rows, size * this.#count);
      column += size;
    }
    copy(this.#codesAt, codesAt(rows), this.#format.stride * this.#count);
  }

  #setRows(rows: number): void {
    this.#rows = rows;
    this.#codesAt = codesAt(rows);
  }

  #bytesOf(rows: number): number {
    return codesAt(rows) + rows * this.#format.stride;
  }

  #block(slot: number): Block {
    const block = this.#blocks[Math.floor(slot / this.#rows)];
    if (!block) throw new RangeError(`no slot ${slot}`);
    return block;
  }

  /** Index (in 4-byte elements) of a slot's entry in the column that begins `bytes` per row into the block. */
  #column(slot: number, bytes: number): number {
    return (this.#block(slot).offset + bytes * this.#rows) / 4 + (slot % this.#rows);
  }
}

/** Where the codes begin in a block of `rows` rows. */
function codesAt(rows: number): number {
  return Math.ceil((BESIDE_BYTES * rows) / 16) * 16;
}
