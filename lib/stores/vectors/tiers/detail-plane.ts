import type { RowBatch } from "../codec/row-codec.ts";
import { HEADER_BYTES, type RowFormat } from "../codec/row-format.ts";
import { type BlockArena, SMALL_BYTES } from "./block-arena.ts";
import { grownCapacity, shrunkCapacity } from "./capacity.ts";
import { BLOCK_BYTES, type Block, type Slab } from "./slab.ts";

/** A handle is block id × 4,096 + index in the block. */
export const HANDLES_PER_BLOCK = 4_096;
/** Links of the recency list, the slot of the code, the payload: i32 each. */
const LINKS_BYTES = 16;

export const LINK = { previous: 0, next: 1, slot: 2, payload: 3 } as const;

/** Reads and writes a hot vector's links by its handle, in whatever collection it is. */
export class Links {
  readonly #arena: BlockArena;

  constructor(arena: BlockArena) {
    this.#arena = arena;
  }

  get(handle: number, link: number): number {
    const block = this.#arena.block(handle >> 12);
    return block.slab.views.i32[block.offset / 4 + (handle & 4_095) * 4 + link] ?? -1;
  }

  set(handle: number, link: number, value: number): void {
    const block = this.#arena.block(handle >> 12);
    block.slab.views.i32[block.offset / 4 + (handle & 4_095) * 4 + link] = value;
  }
}

/**
 * The details of one collection's hot vectors, dense: removal moves the last into the hole, so blocks empty from the end. An only block is as
 * small as what it holds, as in CodePlane.
 */
export class DetailPlane {
  readonly #arena: BlockArena;
  readonly #format: RowFormat;
  readonly #blocks: Block[] = [];
  readonly #perWholeBlock: number;
  /** Entries that each of its blocks has room for now. */
  #perBlock = 0;
  #count = 0;

  constructor(arena: BlockArena, format: RowFormat) {
    this.#arena = arena;
    this.#format = format;
    const fitting = Math.floor(BLOCK_BYTES / (LINKS_BYTES + format.detailBytes));
    this.#perWholeBlock = Math.min(HANDLES_PER_BLOCK, fitting);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#blocks.length * (this.#blocks[0]?.bytes ?? 0);
  }

  get held(): readonly Block[] {
    return this.#blocks;
  }

  /** Makes room for one more: true, the new block where it took one, or null when the arena has none. */
  reserve(): Block | true | null {
    if (this.#count < this.#blocks.length * this.#perBlock) return true;
    if (this.#perBlock < this.#perWholeBlock) return this.#grow();
    return this.#add(BLOCK_BYTES);
  }

  /** The handle of a new last entry (`reserve` came first), with undefined contents. */
  append(): number {
    return this.#handle(this.#count++);
  }

  write(handle: number, batch: RowBatch, index: number): void {
    const { detailBytes, stride } = this.#format;
    const from = batch.rowAt(index) + HEADER_BYTES + stride;
    this.viewsAt(handle).i8.set(batch.views.i8.subarray(from, from + detailBytes), this.detailAt(handle));
  }

  /** Where the entry's detail lies, as a byte offset in its block's slab. */
  detailAt(handle: number): number {
    const links = LINKS_BYTES * this.#perBlock;
    return this.#arena.block(handle >> 12).offset + links + (handle & 4_095) * this.#format.detailBytes;
  }

  viewsAt(handle: number) {
    return this.#arena.block(handle >> 12).slab.views;
  }

  /** The handle of the last entry. */
  get last(): number {
    return this.#handle(this.#count - 1);
  }

  /** Copies links and detail over another entry. */
  copy(from: number, to: number): void {
    const source = this.viewsAt(from);
    const target = this.viewsAt(to);
    const at = (handle: number) => this.#arena.block(handle >> 12).offset / 4 + (handle & 4_095) * 4;
    target.i32.set(source.i32.subarray(at(from), at(from) + 4), at(to));
    const detail = this.detailAt(from);
    target.i8.set(source.i8.subarray(detail, detail + this.#format.detailBytes), this.detailAt(to));
  }

  /** Lets the last entry go; the id of its block when that was freed with it, else null. */
  dropLast(): number | null {
    this.#count--;
    if (this.#count > (this.#blocks.length - 1) * this.#perBlock) {
      this.#shrink();
      return null;
    }
    const block = this.#blocks.pop();
    if (!block) return null;
    this.#arena.free(block);
    if (this.#count === 0) this.#perBlock = 0;
    return block.id;
  }

  #add(bytes: number): Block | null {
    const block = this.#arena.allocate(bytes);
    if (block) this.#blocks.push(block);
    return block;
  }

  #grow(): Block | true | null {
    const wanted = grownCapacity(this.#perBlock);
    const bytes = this.#bytesOf(wanted);
    const whole = bytes > SMALL_BYTES || wanted > this.#perWholeBlock;
    const [entries, size] = whole ? [this.#perWholeBlock, BLOCK_BYTES] : [wanted, bytes];
    const only = this.#blocks[0];
    if (only && !this.#arena.grow(only, size, (from, to) => this.#relayout(from, to, entries))) return null;
    const room = only ? true : this.#add(size);
    if (room !== null) this.#perBlock = entries;
    return room;
  }

  /** Lets the only block's room go when three quarters of it are free. */
  #shrink(): void {
    const only = this.#blocks[0];
    if (!only || this.#blocks.length > 1 || this.#count * 4 > this.#perBlock) return;
    const entries = shrunkCapacity(this.#count);
    const bytes = this.#bytesOf(entries);
    if (entries >= this.#perBlock || bytes > SMALL_BYTES) return;
    this.#arena.shrink(only, bytes, (from, to) => this.#relayout(from, to, entries));
    this.#perBlock = entries;
  }

  /** Copies what is stored to where it lies in a block of `entries`. */
  #relayout(from: { slab: Slab; offset: number }, to: { slab: Slab; offset: number }, entries: number): void {
    const source = from.slab.views.u8;
    const target = to.slab.views.u8;
    const details = from.offset + LINKS_BYTES * this.#perBlock;
    target.set(source.subarray(from.offset, from.offset + LINKS_BYTES * this.#count), to.offset);
    const end = details + this.#format.detailBytes * this.#count;
    target.set(source.subarray(details, end), to.offset + LINKS_BYTES * entries);
  }

  #bytesOf(entries: number): number {
    return Math.ceil((entries * (LINKS_BYTES + this.#format.detailBytes)) / 16) * 16;
  }

  #handle(position: number): number {
    const block = this.#blocks[Math.floor(position / this.#perBlock)];
    if (!block) throw new RangeError(`no detail ${position}`);
    return block.id * HANDLES_PER_BLOCK + (position % this.#perBlock);
  }
}
