import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { Kernel } from "../codec/kernel.ts";
import { SharedRegions } from "./shared-regions.ts";
import { BLOCK_BYTES, type Block, Region, SLAB_BYTES, Slab } from "./slab.ts";

/** A larger block has a region to itself. */
export const SMALL_BYTES = BLOCK_BYTES / 2;

/** Where a block's bytes were, and where they are to be. */
export type Relayout = (from: Readonly<Place>, to: Readonly<Place>) => void;
interface Place {
  slab: Slab;
  offset: number;
}

/**
 * Memory for every collection, in slabs of 16 regions (2 MiB). A collection's first block is as small as what it holds and grows with it; small
 * blocks share regions. After every call `reservedBytes` is what the account has granted to the arena: regions in use and regions once used,
 * until their slab is released. A slab is one WebAssembly memory, which cannot shrink: `compact` empties the emptiest slabs and drops them,
 * so that freed regions go back to the operating system.
 */
export class BlockArena {
  readonly #account: MemoryAccount;
  readonly #kernel: Kernel;
  readonly #slabs: Slab[] = [];
  readonly #shared = new SharedRegions(
    () => this.#takeRegion(),
    (region) => this.#freeRegion(region),
  );
  readonly #blocks: (Block | undefined)[] = [];
  readonly #freeIds: number[] = [];

  constructor(account: MemoryAccount, kernel: Kernel) {
    this.#account = account;
    this.#kernel = kernel;
  }

  get kernelName(): string {
    return this.#kernel.name;
  }

  get reservedBytes(): number {
    return this.#slabs.reduce((sum, slab) => sum + slab.touched, 0) * BLOCK_BYTES;
  }

  /** A block of `bytes` (a multiple of 16) with undefined contents, or null when the account grants no more. */
  allocate(bytes: number): Block | null {
    const region = this.#regionFor(bytes);
    if (!region) return null;
    const id = this.#freeIds.pop() ?? this.#blocks.length;
    const block: Block = { id, bytes, slab: region.slab, offset: region.offset + region.filled, region };
    region.adopt(block);
    this.#blocks[id] = block;
    return block;
  }

  /** Gives a block room for `bytes` elsewhere, under its id; false, and nothing has changed, when the account grants no more. */
  grow(block: Block, bytes: number, relayout: Relayout): boolean {
    const region = this.#regionFor(bytes);
    if (!region) return false;
    const to = { slab: region.slab, offset: region.offset + region.filled };
    relayout(block, to);
    const old = { ...block };
    old.region.blocks[old.region.blocks.indexOf(block)] = old;
    Object.assign(block, { ...to, bytes });
    region.adopt(block);
    this.#release(old);
    return true;
  }

  /** Leaves a block its first `bytes`, which `relayout` fills from the bytes there are. It needs no memory, so it always can. */
  shrink(block: Block, bytes: number, relayout: Relayout): void {
    relayout(block, block);
    block.region.trim(block, bytes);
    this.#shared.roomier(block.region);
  }

  free(block: Block): void {
    this.#blocks[block.id] = undefined;
    this.#freeIds.push(block.id);
    this.#release(block);
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
    for (const region of this.#shared.emptiedBy(freed)) {
      const entry = slabs.find(({ slab }) => slab === region.slab);
      if (!entry) continue;
      entry.used--;
      entry.free++;
    }
    let given = 0;
    for (;;) {
      // In the order in which `compactOne` takes them, ties too, so that this tells what it will give.
      const [emptiest, ...others] = [...slabs].sort((a, b) => a.used - b.used);
      if (!emptiest || others.reduce((sum, { free }) => sum + free, 0) < emptiest.used) return given * BLOCK_BYTES;
      given += emptiest.slab.touched;
      let moving = emptiest.used;
      for (const other of others.reverse()) {
        const taken = Math.min(moving, other.free);
        other.free -= taken;
        other.used += taken;
        moving -= taken;
      }
      slabs.splice(slabs.indexOf(emptiest), 1);
    }
  }

  /** Moves the regions of the emptiest slab into free ones of the others and drops it; returns the bytes given back, 0 when none can be. */
  compactOne(): number {
    const slab = this.#emptiestFirst()[0];
    if (!slab) return 0;
    // The fullest first, so that the next emptiest stays empty.
    const others = this.#emptiestFirst().slice(1).reverse();
    if (others.reduce((sum, other) => sum + other.free.length, 0) < slab.used.size) return 0;
    const bytes = slab.touched * BLOCK_BYTES;
    for (const region of [...slab.used]) {
      const target = others.find((other) => other.free.length > 0);
      if (!target) throw new RangeError("no room for a region that was promised room");
      region.moveTo(target);
    }
    this.#drop(slab);
    return bytes;
  }

  #emptiestFirst(): Slab[] {
    return [...this.#slabs].sort((a, b) => a.used.size - b.used.size);
  }

  #regionFor(bytes: number): Region | null {
    return bytes <= SMALL_BYTES ? this.#shared.withRoom(bytes) : this.#takeRegion();
  }

  #takeRegion(): Region | null {
    const reusable = this.#slabs.find((slab) => slab.free.length > 0);
    if (reusable) return new Region(reusable);
    if (!this.#account.tryReserve(BLOCK_BYTES)) return null;
    return new Region(this.#slabs.find((slab) => slab.hasRoom) ?? this.#addSlab());
  }

  #release(block: Block): void {
    const { region } = block;
    region.dismiss(block);
    if (region.blocks.length > 0) this.#shared.roomier(region);
    else this.#freeRegion(region);
  }

  #freeRegion(region: Region): void {
    const { slab, offset } = region;
    this.#shared.forget(region);
    slab.used.delete(region);
    slab.free.push(offset);
    if (slab.used.size === 0) this.#drop(slab);
  }

  #addSlab(): Slab {
    const slab = new Slab(this.#kernel.allocate(SLAB_BYTES));
    this.#slabs.push(slab);
    return slab;
  }

  #drop(slab: Slab): void {
    this.#slabs.splice(this.#slabs.indexOf(slab), 1);
    this.#account.release(slab.touched * BLOCK_BYTES);
  }
}
