import type { KernelMemory } from "../codec/kernel.ts";
import type { Views } from "../store/views.ts";

/** A region of a slab, and the block of a large collection. */
export const BLOCK_BYTES = 131_072;
const BLOCKS_PER_SLAB = 16;
/** Before the regions: the query (8 KiB at 4,096 dimensions), then the kernel's finds. */
const SCRATCH_BYTES = 131_072;
export const SCRATCH_OUT = 8_192;
/** Finds (8 bytes each) that the scratch space holds. */
export const SCRATCH_FINDS = (SCRATCH_BYTES - SCRATCH_OUT) / 8;
export const SLAB_BYTES = SCRATCH_BYTES + BLOCKS_PER_SLAB * BLOCK_BYTES;

/** Bytes of a region that one collection holds. They may be moved between calls: never keep the views or the offset. */
export interface Block {
  readonly id: number;
  bytes: number;
  slab: Slab;
  offset: number;
  region: Region;
}

/** 2 MiB as one WebAssembly memory, cut into regions of 128 KiB. */
export class Slab {
  readonly memory: KernelMemory;
  readonly free: number[] = [];
  readonly used = new Set<Region>();
  /** Whose integers stand in the scratch space. */
  query: Int16Array | null = null;
  /** Regions handed out at least once: the operating system has given memory for these alone. */
  touched = 0;

  constructor(memory: KernelMemory) {
    this.memory = memory;
  }

  get views(): Views {
    return this.memory.views;
  }

  get hasRoom(): boolean {
    return this.free.length > 0 || this.touched < BLOCKS_PER_SLAB;
  }

  takeOffset(): number {
    return this.free.pop() ?? SCRATCH_BYTES + this.touched++ * BLOCK_BYTES;
  }
}

/** 128 KiB: one whole block, or small blocks of several collections side by side, without gaps and with the room behind them. */
export class Region {
  readonly blocks: Block[] = [];
  slab: Slab;
  offset: number;
  filled = 0;

  constructor(slab: Slab) {
    this.slab = slab;
    this.offset = slab.takeOffset();
    slab.used.add(this);
  }

  get room(): number {
    return BLOCK_BYTES - this.filled;
  }

  /** Takes a block in behind the others. Its bytes come with it when they lie elsewhere. */
  adopt(block: Block): void {
    const at = this.offset + this.filled;
    if (block.slab !== this.slab || block.offset !== at) {
      this.slab.views.u8.set(block.slab.views.u8.subarray(block.offset, block.offset + block.bytes), at);
    }
    block.slab = this.slab;
    block.offset = at;
    block.region = this;
    this.blocks.push(block);
    this.filled += block.bytes;
  }

  /** Lets a block go; those behind it move up. */
  dismiss(block: Block): void {
    const at = this.blocks.indexOf(block);
    this.#closeUp(at + 1, block.bytes);
    this.blocks.splice(at, 1);
  }

  /** A block needs its first `bytes` alone from now on; those behind it move up. */
  trim(block: Block, bytes: number): void {
    this.#closeUp(this.blocks.indexOf(block) + 1, block.bytes - bytes);
    block.bytes = bytes;
  }

  /** Moves whole into another slab. */
  moveTo(slab: Slab): void {
    const offset = slab.takeOffset();
    slab.views.u8.set(this.slab.views.u8.subarray(this.offset, this.offset + this.filled), offset);
    for (const block of this.blocks) {
      block.offset += offset - this.offset;
      block.slab = slab;
    }
    this.slab.used.delete(this);
    slab.used.add(this);
    this.slab = slab;
    this.offset = offset;
  }

  #closeUp(from: number, gap: number): void {
    const first = this.blocks[from];
    if (first) this.slab.views.u8.copyWithin(first.offset - gap, first.offset, this.offset + this.filled);
    for (const block of this.blocks.slice(from)) block.offset -= gap;
    this.filled -= gap;
  }
}
