import { STREAMS } from "../codec/kernel.ts";
import type { RowFormat } from "../codec/row-format.ts";
import type { Views } from "../store/views.ts";
import { type BlockArena, SMALL_BYTES } from "./block-arena.ts";
import { grownCapacity, shrunkCapacity } from "./capacity.ts";
import { BLOCK_BYTES, type Block, SCRATCH_FINDS, type Slab } from "./slab.ts";

/** What a plane keeps beside its codes. */
export interface PlaneColumns {
  /** Bytes a row of each column, in their order. The first is the row's number, a double. */
  readonly sizes: readonly number[];
  /** Bytes a row of the columns before the scales. */
  readonly beforeScales: number;
  /** Whether each row's error and norm follow its scale: with them a scan gives bounds on the rank, without them the code's own rank. */
  readonly hasBounds: boolean;
  /** Whether its only block too is a whole one. Else that is as small as its rows: it grows and shrinks with them. */
  readonly wholeBlocks: boolean;
}

/** A scan that pauses: it is told which rows leave and move meanwhile. */
export interface ScanUnderWay {
  removed(slot: number, row: number): void;
  moved(from: number, to: number, row: number): void;
}

/**
 * Codes that are scanned, dense: slots 0…count-1, removal moves the last into the hole. Each block holds, column by column, what stands
 * beside the codes of its slots, then the codes.
 */
export class CodePlane {
  readonly columns: PlaneColumns;
  /** Bytes of a code. */
  readonly stride: number;
  readonly #arena: BlockArena;
  readonly #besideBytes: number;
  readonly #blocks: Block[] = [];
  readonly #scans = new Set<ScanUnderWay>();
  /** Rows in a whole block: a multiple of 4. */
  readonly rowsPerBlock: number;
  /** Rows that each of its blocks has room for now. */
  #rows = 0;
  /** Where the codes begin in a block. */
  #codesAt = 0;
  #count = 0;

  constructor(arena: BlockArena, { stride }: RowFormat, columns: PlaneColumns) {
    this.#arena = arena;
    this.stride = stride;
    this.columns = columns;
    this.#besideBytes = columns.sizes.reduce((sum, size) => sum + size, 0);
    this.rowsPerBlock = Math.floor((BLOCK_BYTES - 16) / (stride + this.#besideBytes) / 4) * 4;
    if (STREAMS * this.rowsPerBlock > SCRATCH_FINDS)
      throw new RangeError("a scan could find more than it has room for");
    this.#setRows(this.#fewestRows);
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
    return this.#add(BLOCK_BYTES);
  }

  /** A new last slot (`reserve` came first), with undefined contents. */
  append(): number {
    return this.#count++;
  }

  rowAt(slot: number): number {
    return this.doubleIn(slot, 0);
  }

  /** A slot's entry in the column of doubles behind columns of `before` bytes a row. */
  doubleIn(slot: number, before: number): number {
    const block = this.blockOf(slot);
    return block.slab.views.f64[(block.offset + before * this.#rows) / 8 + (slot % this.#rows)] ?? 0;
  }

  /** Where the slot's code lies, as a byte offset in its block's slab. */
  codeAt(slot: number): number {
    return this.blockOf(slot).offset + this.#codesAt + (slot % this.#rows) * this.stride;
  }

  viewsAt(slot: number): Views {
    return this.blockOf(slot).slab.views;
  }

  /** The block that a slot lies in. */
  blockOf(slot: number): Block {
    const block = this.#blocks[Math.floor(slot / this.#rows)];
    if (!block) throw new RangeError(`no slot ${slot}`);
    return block;
  }

  /** Index of a slot's entry in the 4-byte column behind columns of `before` bytes a row. */
  wordAt(slot: number, before: number): number {
    return (this.blockOf(slot).offset + before * this.#rows) / 4 + (slot % this.#rows);
  }

  /** The same of a column of doubles. */
  doubleAt(slot: number, before: number): number {
    return (this.blockOf(slot).offset + before * this.#rows) / 8 + (slot % this.#rows);
  }

  /** Registers a scan for as long as it runs. */
  beginScan(scan: ScanUnderWay): () => void {
    this.#scans.add(scan);
    return () => this.#scans.delete(scan);
  }

  /** Lets a slot's row go: the last one, whole, takes its place, and `dropLast` is to follow. True when there is now another row in the slot. */
  vacate(slot: number): boolean {
    const last = this.#count - 1;
    for (const scan of this.#scans) scan.removed(slot, this.rowAt(slot));
    if (slot === last) return false;
    this.#copy(last, slot);
    for (const scan of this.#scans) scan.moved(last, slot, this.rowAt(slot));
    return true;
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
    if (this.#count === 0) this.#setRows(this.#fewestRows);
  }

  /** Lets everything go. Scans under way end where they are. */
  clear(): void {
    for (const block of this.#blocks.splice(0)) this.#arena.free(block);
    this.#count = 0;
    this.#setRows(this.#fewestRows);
  }

  /** Copies a slot whole over another. */
  #copy(from: number, to: number): void {
    const source = this.viewsAt(from).u8;
    const target = this.viewsAt(to).u8;
    let before = 0;
    for (const size of this.columns.sizes) {
      const at = this.#entryAt(from, before, size);
      target.set(source.subarray(at, at + size), this.#entryAt(to, before, size));
      before += size;
    }
    const at = this.codeAt(from);
    target.set(source.subarray(at, at + this.stride), this.codeAt(to));
  }

  #entryAt(slot: number, before: number, size: number): number {
    return this.blockOf(slot).offset + before * this.#rows + (slot % this.#rows) * size;
  }

  #add(bytes: number): boolean {
    const block = this.#arena.allocate(bytes);
    if (block) this.#blocks.push(block);
    return block !== null;
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
    } else if (!this.#add(size)) return false;
    this.#setRows(rows);
    return true;
  }

  /** Lets the only block's room go when three quarters of it are free. */
  #shrink(): void {
    const only = this.#blocks[0];
    if (!only || this.#blocks.length > 1 || this.#count * 4 > this.#rows) return;
    const rows = Math.max(this.#fewestRows, shrunkCapacity(this.#count));
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
    for (const size of this.columns.sizes) {
      copy(column * this.#rows, column * rows, size * this.#count);
      column += size;
    }
    copy(this.#codesAt, this.#codesFrom(rows), this.stride * this.#count);
  }

  #setRows(rows: number): void {
    this.#rows = rows;
    this.#codesAt = this.#codesFrom(rows);
  }

  #bytesOf(rows: number): number {
    return this.#codesFrom(rows) + rows * this.stride;
  }

  /** Where the codes begin in a block of `rows` rows. */
  #codesFrom(rows: number): number {
    return Math.ceil((this.#besideBytes * rows) / 16) * 16;
  }

  /** Rows that a plane without rows is laid out for. */
  get #fewestRows(): number {
    return this.columns.wholeBlocks ? this.rowsPerBlock : 0;
  }
}
