import type { Relief } from "../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import { CollectionMemory } from "./collection-memory.ts";
import { HotTier } from "./hot-tier.ts";
import type { Kernel } from "./kernel.ts";
import type { Payload } from "./payload-arena.ts";
import type { RowBatch } from "./row-codec.ts";
import type { RowFormat } from "./row-format.ts";
import { type Block, SlabArena } from "./slab-arena.ts";

/**
 * What memory holds of all collections. After every call `hotCount <= maxHot`, and `bytes` is exactly what the account granted.
 *
 * Under want of memory precision goes first, then presence: the least recently used hot vectors lose their detail, then the collection
 * longest unsearched loses codes, a block at a time. Both are on disk, so nothing is lost but time.
 */
export class VectorMemory {
  readonly #account: MemoryAccount;
  readonly #arena: SlabArena;
  readonly #hot: HotTier;
  readonly #collections = new Set<CollectionMemory>();
  #maxHot: number;
  readonly #onLeave: (to: "code" | "disk") => void;

  /** @param options.onLeave is told of each vector that is pushed out: of the hot tier (its code stays), or of memory. */
  constructor(options: {
    account: MemoryAccount;
    kernel: Kernel;
    maxHot: number;
    onLeave: (to: "code" | "disk") => void;
  }) {
    this.#account = options.account;
    this.#arena = new SlabArena(options.account, options.kernel);
    this.#hot = new HotTier(this.#arena, options.account);
    this.#maxHot = options.maxHot;
    this.#onLeave = options.onLeave;
  }

  get kernelName(): string {
    return this.#arena.kernelName;
  }

  get hotCount(): number {
    return this.#hot.count;
  }

  get codeCount(): number {
    return [...this.#collections].reduce((sum, collection) => sum + collection.count, 0);
  }

  get maxHot(): number {
    return this.#maxHot;
  }

  get bytes(): number {
    const indexes = [...this.#collections].reduce((sum, collection) => sum + collection.indexBytes, 0);
    return this.#arena.reservedBytes + this.#hot.payloads.bytes + indexes;
  }

  /** What compacting would give back. */
  get compactableBytes(): number {
    return this.#arena.giveBackAfter([]);
  }

  open(format: RowFormat): CollectionMemory {
    const collection = new CollectionMemory(format, this.#arena, this.#hot, this.#account);
    this.#collections.add(collection);
    return collection;
  }

  close(collection: CollectionMemory): void {
    collection.clear();
    this.#collections.delete(collection);
    this.compact();
  }

  resize(maxHot: number): void {
    this.#maxHot = maxHot;
    while (this.#hot.count > maxHot) this.#coolOldest();
  }

  /** Takes a row that was written or returned: hot if there is any way, else its code, else nothing (it is on disk). */
  admit(collection: CollectionMemory, row: number, batch: RowBatch, index: number, payload: Payload): void {
    if (
      !this.#withRoom(
        () => collection.putCode(row, batch, index),
        () => this.#shedBlock(),
      )
    ) {
      collection.remove(row);
      return;
    }
    if (this.#maxHot === 0) return;
    const wasHot = collection.isHot(collection.slotOf(row));
    if (!wasHot && this.#hot.count >= this.#maxHot) this.#coolOldest();
    this.#withRoom(
      () => collection.heat(row, batch, index, payload),
      () => this.#coolOldest(),
    );
  }

  /** Takes a row if there is free memory for its code, hot if there is for that too: warming pushes nothing out. */
  warm(collection: CollectionMemory, row: number, batch: RowBatch, index: number, payload: Payload): boolean {
    if (!collection.putCode(row, batch, index)) return false;
    if (this.#hot.count < this.#maxHot) collection.heat(row, batch, index, payload);
    return true;
  }

  /** Cools the least recently used `count` hot vectors; returns how many there were. */
  coolMany(count: number): number {
    let cooled = 0;
    while (cooled < count && this.#coolOldest() > 0) cooled++;
    return cooled;
  }

  /** Lets go a block of codes, of the collection longest unsearched; returns how many codes went. */
  shedBlock(): number {
    return this.#shedBlock();
  }

  /** Holds at most `maxBytes` when it returns, if it takes letting everything go. */
  fit(maxBytes: number): void {
    while (this.bytes > maxBytes && (this.coolMany(64) > 0 || this.#shedBlock() > 0)) this.#arena.compactOne();
    this.compact();
  }

  /** What cooling for `targetBytes` and then compacting would give back, beyond what compacting alone would. */
  predictCooling(targetBytes: number): Relief {
    const blocks = [...this.#collections].flatMap(({ details }) => [...details.held].reverse());
    return this.#predict(targetBytes, blocks, this.#hot.payloads.bytes, this.#hot.count);
  }

  /** The same of letting codes go, and with the codes the details of those that are hot. */
  predictShedding(targetBytes: number): Relief {
    const codes = [...this.#collections].flatMap((collection) => [...collection.codes.held].reverse());
    const details = [...this.#collections].flatMap((collection) => [...collection.details.held].reverse());
    const indexes = [...this.#collections].reduce((sum, { indexBytes }) => sum + indexBytes, 0);
    return this.#predict(targetBytes, [...codes, ...details], this.#hot.payloads.bytes + indexes, this.codeCount);
  }

  #predict(targetBytes: number, blocks: readonly Block[], otherBytes: number, items: number): Relief {
    const already = this.compactableBytes;
    const share = (count: number) => (blocks.length === 0 ? 0 : count / blocks.length);
    const freedBy = (count: number) =>
      this.#arena.giveBackAfter(blocks.slice(0, count)) - already + Math.floor(otherBytes * share(count));
    // The fewest blocks that reach the target, by bisection: more blocks never free less.
    let enough = blocks.length;
    for (let low = 0; low < enough; ) {
      const middle = (low + enough) >> 1;
      if (freedBy(middle) >= targetBytes) enough = middle;
      else low = middle + 1;
    }
    const freedBytes = Math.max(0, freedBy(enough));
    return { items: freedBytes === 0 ? 0 : Math.ceil(items * share(enough)), freedBytes };
  }

  /** One step of `compact`. */
  compactOne(): number {
    return this.#arena.compactOne();
  }

  /** Moves what is left together, and gives whole slabs back. Returns the bytes. */
  compact(): number {
    let bytes = 0;
    for (let freed = this.#arena.compactOne(); freed > 0; freed = this.#arena.compactOne()) bytes += freed;
    return bytes;
  }

  #withRoom(attempt: () => boolean, makeRoom: () => number): boolean {
    while (!attempt()) {
      if (makeRoom() === 0) return false;
      // Freed blocks serve the next block at once, but an index or a payload needs bytes of the account.
      this.#arena.compactOne();
    }
    return true;
  }

  #coolOldest(): number {
    const oldest = this.#hot.oldest;
    if (!oldest) return 0;
    oldest.collection.coolHandle(oldest.handle);
    oldest.collection.evictions++;
    this.#onLeave("code");
    return 1;
  }

  #shedBlock(): number {
    let victim: CollectionMemory | null = null;
    for (const collection of this.#collections) {
      if (collection.count > 0 && (!victim || collection.searchedAtMs < victim.searchedAtMs)) victim = collection;
    }
    if (!victim) return 0;
    victim.sheds++;
    const last = victim.codes.count - (victim.codes.blocks - 1) * victim.codes.rowsPerBlock;
    // From the front: the oldest rows; those behind move up, and the last block comes free.
    for (let i = 0; i < last; i++) {
      const slot = i % victim.codes.count;
      if (victim.isHot(slot)) victim.evictions++;
      victim.remove(victim.codes.rowAt(slot));
      this.#onLeave("disk");
    }
    return last;
  }
}
