import type { Query } from "./query.ts";
import type { RowBatch } from "./row-codec.ts";
import { HEADER_BYTES, type RowFormat } from "./row-format.ts";
import { BLOCK_BYTES, type Block, SCRATCH_OUT, type SlabArena } from "./slab-arena.ts";

export const NOT_HOT = -1;
/** row number (f64), handle of the detail (i32), scale, error and norm (f32). */
const BESIDE_BYTES = 24;

/**
 * The codes of one collection, dense: slots 0…count-1, removal moves the last into the hole. Each block holds, column by column, the row
 * numbers, scales, errors, norms and handles of its slots, then the codes; slot s of a block lies in quarter s mod 4 (see wasm/vector-scan.as.ts).
 */
export class CodePlane {
  readonly #arena: SlabArena;
  readonly #format: RowFormat;
  readonly #blocks: Block[] = [];
  /** Rows in a block: a multiple of 4. */
  readonly rowsPerBlock: number;
  #count = 0;

  constructor(arena: SlabArena, format: RowFormat) {
    this.#arena = arena;
    this.#format = format;
    this.rowsPerBlock = Math.floor((BLOCK_BYTES - 16) / (format.stride + BESIDE_BYTES) / 4) * 4;
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
    const index = slot % this.rowsPerBlock;
    const place = (index & 3) * (this.rowsPerBlock / 4) + (index >> 2);
    return this.#codesOf(this.#block(slot)) + place * this.#format.stride;
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

  /** Runs the kernel over block `number`; calls `found(slot, score)` for each row whose upper bound reaches `threshold`. */
  scanBlock(
    number: number,
    query: Query,
    threshold: number,
    found: (slot: number, score: number, margin: number) => void,
  ): void {
    const block = this.#blocks[number];
    if (!block) return;
    const { offset, slab } = block;
    const { i16, i32, f32 } = slab.views;
    const rows = this.rowsPerBlock;
    if (slab.query !== query.integers) {
      slab.query = query.integers;
      i16.set(query.integers, 0);
    }
    const finds = slab.memory.scan({
      codes: this.#codesOf(block),
      stride: this.#format.stride,
      rows,
      count: Math.min(rows, this.#count - number * rows),
      query: 0,
      scales: offset + 12 * rows,
      errors: offset + 16 * rows,
      norms: offset + 20 * rows,
      queryScale: query.scale,
      queryReach: query.reach,
      querySlack: query.slack,
      bias: query.bias,
      threshold,
      out: SCRATCH_OUT,
    });
    const errors = (offset + 16 * rows) >> 2;
    const norms = (offset + 20 * rows) >> 2;
    for (let i = 0; i < finds; i++) {
      const index = i32[(SCRATCH_OUT >> 2) + 2 * i] ?? 0;
      const margin = query.margin(f32[errors + index] ?? 0, f32[norms + index] ?? 0);
      found(number * rows + index, f32[(SCRATCH_OUT >> 2) + 2 * i + 1] ?? 0, margin);
    }
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

  #codesOf(block: Block): number {
    return block.offset + Math.ceil((BESIDE_BYTES * this.rowsPerBlock) / 16) * 16;
  }
}
