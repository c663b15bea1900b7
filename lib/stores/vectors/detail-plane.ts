import type { RowBatch } from "./row-codec.ts";
import { HEADER_BYTES, type RowFormat } from "./row-format.ts";
import { BLOCK_BYTES, type Block, type SlabArena } from "./slab-arena.ts";

/** A handle is block id × 4,096 + index in the block. */
export const HANDLES_PER_BLOCK = 4_096;
/** Links of the recency list, the slot of the code, the payload: i32 each. */
const LINKS_BYTES = 16;

export const LINK = { previous: 0, next: 1, slot: 2, payload: 3 } as const;

/** Reads and writes a hot vector's links by its handle, in whatever collection it is. */
export class Links {
  readonly #arena: SlabArena;

  constructor(arena: SlabArena) {
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

/** The details of one collection's hot vectors, dense: removal moves the last into the hole, so blocks empty from the end. */
export class DetailPlane {
  readonly #arena: SlabArena;
  readonly #format: RowFormat;
  readonly #blocks: Block[] = [];
  readonly #perBlock: number;
  #count = 0;

  constructor(arena: SlabArena, format: RowFormat) {
    this.#arena = arena;
    this.#format = format;
    const fitting = Math.floor(BLOCK_BYTES / (LINKS_BYTES + format.detailBytes));
    this.#perBlock = Math.min(HANDLES_PER_BLOCK, fitting);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#blocks.length * BLOCK_BYTES;
  }

  get held(): readonly Block[] {
    return this.#blocks;
  }

  reserve(): Block | true | null {
    if (this.#count < this.#blocks.length * this.#perBlock) return true;
    const block = this.#arena.allocate();
    if (block) this.#blocks.push(block);
    return block;
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
    if (this.#count > (this.#blocks.length - 1) * this.#perBlock) return null;
    const block = this.#blocks.pop();
    if (!block) return null;
    this.#arena.free(block);
    return block.id;
  }

  #handle(position: number): number {
    const block = this.#blocks[Math.floor(position / this.#perBlock)];
    if (!block) throw new RangeError(`no detail ${position}`);
    return block.id * HANDLES_PER_BLOCK + (position % this.#perBlock);
  }
}
