import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Kernel, KernelMemory } from "./kernel.ts";
import type { Views } from "./views.ts";

export const BLOCK_BYTES = 131_072;
const BLOCKS_PER_SLAB = 16;
/** Before the blocks: the query (8 KiB at 4,096 dimensions), then the kernel's finds. */
const SCRATCH_BYTES = 131_072;
export const SCRATCH_OUT = 8_192;
/** Finds (8 bytes each) that the scratch space holds. */
export const SCRATCH_FINDS = (SCRATCH_BYTES - SCRATCH_OUT) / 8;
const SLAB_BYTES = SCRATCH_BYTES + BLOCKS_PER_SLAB * BLOCK_BYTES;

/** 128 KiB of a slab. It may be moved to another slab between calls: never keep its views or its offset. */
export interface Block {
  readonly id: number;
  slab: Slab;
  offset: number;
}

class Slab {
  readonly memory: KernelMemory;
  readonly free: number[] = [];
  readonly used = new Set<Block>();
  /** Whose integers stand in the scratch space. */
  query: Int16Array | null = null;
  /** Blocks handed out at least once: the operating system has given memory for these alone. */
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

/**
 * Memory for every collection, in slabs of 16 blocks (2 MiB). After every call `reservedBytes` is what the account has granted to the arena:
 * blocks in use and blocks once used, until their slab is let go. A slab is one WebAssembly memory, which cannot shrink:
 * `compact` empties the emptiest slabs and drops them, so that freed blocks go back to the operating system.
 */
export class SlabArena {
  readonly #account: MemoryAccount;
  readonly #kernel: Kernel;
  readonly #slabs: Slab[] = [];
  readonly #blocks: (Block | undefined)[] = [];
  readonly #freeIds: number[] = [];

  constructor(account: MemoryAccount, kernel: Kernel) {
    this.#account = account;
    this.#kernel = kernel;
  }

  get kernelName(): string {
    return this.#kernel.name;
  }

  get slabs(): number {
    return this.#slabs.length;
  }

  get reservedBytes(): number {
    return this.#slabs.reduce((sum, slab) => sum + slab.touched, 0) * BLOCK_BYTES;
  }

  get usedBytes(): number {
    return this.#slabs.reduce((sum, slab) => sum + slab.used.size, 0) * BLOCK_BYTES;
  }

  /** A block with undefined contents, or null when the account grants no more. */
  allocate(): Block | null {
    const reusable = this.#slabs.find((slab) => slab.free.length > 0);
    if (reusable) return this.#place(reusable);
    if (!this.#account.tryTake(BLOCK_BYTES)) return null;
    const open = this.#slabs.find((slab) => slab.hasRoom) ?? this.#addSlab();
    return this.#place(open);
  }

  free(block: Block): void {
    block.slab.used.delete(block);
    block.slab.free.push(block.offset);
    this.#blocks[block.id] = undefined;
    this.#freeIds.push(block.id);
    if (block.slab.used.size === 0) this.#drop(block.slab);
  }

  /** The block that `allocate` gave this id. @throws {RangeError} when it has been freed. */
  block(id: number): Block {
    const block = this.#blocks[id];
    if (!block) throw new RangeError(`block ${id} is not in use`);
    return block;
  }

  /** What compacting would give back if these blocks were freed first: the same steps, on counts alone. */
  giveBackAfter(freed: readonly Block[]): number {
    const slabs = this.#slabs.map((slab) => ({ slab, used: slab.used.size, free: slab.free.length }));
    for (const block of freed) {
      const entry = slabs.find(({ slab }) => slab === block.slab);
      if (!entry) continue;
      entry.used--;
      entry.free++;
    }
    let given = 0;
    for (;;) {
      slabs.sort((a, b) => a.used - b.used);
      const [emptiest, ...others] = slabs;
      if (!emptiest || others.reduce((sum, { free }) => sum + free, 0) < emptiest.used) return given * BLOCK_BYTES;
      given += emptiest.slab.touched;
      let moving = emptiest.used;
      for (const other of others.reverse()) {
        const taken = Math.min(moving, other.free);
        other.free -= taken;
        other.used += taken;
        moving -= taken;
      }
      slabs.shift();
    }
  }

  /** Moves the blocks of the emptiest slab into free blocks of the others and drops it; returns the bytes given back, 0 when none can be. */
  compactOne(): number {
    const slab = this.#emptiestFirst()[0];
    if (!slab) return 0;
    // The fullest first, so that the next emptiest stays empty.
    const others = this.#emptiestFirst().slice(1).reverse();
    if (others.reduce((sum, other) => sum + other.free.length, 0) < slab.used.size) return 0;
    const bytes = slab.touched * BLOCK_BYTES;
    for (const block of [...slab.used]) {
      const target = others.find((other) => other.free.length > 0);
      if (!target) throw new RangeError("no room for a block that was promised room");
      const offset = target.takeOffset();
      target.views.u8.set(slab.views.u8.subarray(block.offset, block.offset + BLOCK_BYTES), offset);
      slab.used.delete(block);
      block.slab = target;
      block.offset = offset;
      target.used.add(block);
    }
    this.#drop(slab);
    return bytes;
  }

  #emptiestFirst(): Slab[] {
    return [...this.#slabs].sort((a, b) => a.used.size - b.used.size);
  }

  #addSlab(): Slab {
    const slab = new Slab(this.#kernel.allocate(SLAB_BYTES));
    this.#slabs.push(slab);
    return slab;
  }

  #place(slab: Slab): Block {
    const id = this.#freeIds.pop() ?? this.#blocks.length;
    const block: Block = { id, slab, offset: slab.takeOffset() };
    slab.used.add(block);
    this.#blocks[id] = block;
    return block;
  }

  #drop(slab: Slab): void {
    this.#slabs.splice(this.#slabs.indexOf(slab), 1);
    this.#account.give(slab.touched * BLOCK_BYTES);
  }
}
