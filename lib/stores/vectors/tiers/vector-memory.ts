import type { Relief } from "../../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { Clock } from "../../../shared/clock.ts";
import { fewest } from "../../../shared/fewest.ts";
import type { Kernel } from "../codec/kernel.ts";
import type { RowBatch } from "../codec/row-codec.ts";
import type { RowFormat } from "../codec/row-format.ts";
import { BlockArena } from "./block-arena.ts";
import { CollectionMemory } from "./collection-memory.ts";
import { HotTier } from "./hot-tier.ts";
import type { Payload } from "./payload-arena.ts";
import type { Block } from "./slab.ts";
import { furthestBeyondShare, Tenant } from "./tenant.ts";

/**
 * What memory holds of all collections. After every call `hotCount <= maxHot`, and `bytes` is exactly what the account granted.
 *
 * Under want of memory the namespace that is furthest beyond its share gives first. Of what it holds precision goes first, then presence: the
 * least recently used hot vectors lose their detail, then the collection longest unsearched loses codes, a block at a time. Both are on disk, so
 * nothing is lost but time.
 */
export class VectorMemory {
  readonly #account: MemoryAccount;
  readonly #arena: BlockArena;
  readonly #hot: HotTier<CollectionMemory>;
  readonly #collections = new Set<CollectionMemory>();
  readonly #tenants = new Map<string, Tenant>();
  readonly #clock: Clock;
  #maxHot: number;
  readonly #onLeave: (to: "code" | "disk") => void;

  /** @param options.onLeave is told of each vector that is pushed out: of the hot tier (its code stays), or of memory. */
  constructor(options: {
    account: MemoryAccount;
    clock: Clock;
    kernel: Kernel;
    maxHot: number;
    onLeave: (to: "code" | "disk") => void;
  }) {
    this.#account = options.account;
    this.#clock = options.clock;
    this.#arena = new BlockArena(options.account, options.kernel);
    this.#hot = new HotTier<CollectionMemory>(this.#arena, options.account);
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

  open(format: RowFormat, namespace: string): CollectionMemory {
    const tenant = this.#tenants.get(namespace) ?? new Tenant(this.#clock.monotonicMs());
    this.#tenants.set(namespace, tenant);
    tenant.collections++;
    const parts = { arena: this.#arena, hot: this.#hot, account: this.#account };
    const collection = new CollectionMemory(format, tenant, parts);
    this.#collections.add(collection);
    return collection;
  }

  close(collection: CollectionMemory, namespace: string): void {
    collection.clear();
    this.#collections.delete(collection);
    if (--collection.tenant.collections === 0) this.#tenants.delete(namespace);
    this.compact();
  }

  /** A namespace that uses its vectors has a claim to its share. */
  used({ tenant }: CollectionMemory): void {
    tenant.usedAtMs = this.#clock.monotonicMs();
  }

  resize(maxHot: number): void {
    this.#maxHot = maxHot;
    while (this.#hot.count > maxHot) this.#coolOne();
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
    if (!wasHot && this.#hot.count >= this.#maxHot) this.#coolOne();
    this.#withRoom(
      () => collection.heat(row, batch, index, payload),
      () => this.#makeRoom(collection),
    );
  }

  /** Takes a row if there is free memory for its code, hot if there is for that too: warming pushes nothing out. */
  warm(collection: CollectionMemory, row: number, batch: RowBatch, index: number, payload: Payload): boolean {
    if (!collection.putCode(row, batch, index)) return false;
    if (this.#hot.count < this.#maxHot) collection.heat(row, batch, index, payload);
    return true;
  }

  /** Cools `count` hot vectors, each namespace's least recently used first; returns how many there were. */
  coolMany(count: number): number {
    let cooled = 0;
    while (cooled < count && this.#coolOne() > 0) cooled++;
    return cooled;
  }

  /** Releases a block of codes, of a namespace's collection longest unsearched; returns how many codes went. */
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
    // More blocks never free less.
    const enough = fewest(blocks.length, (count) => freedBy(count) >= targetBytes);
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

  /** Whoever is furthest beyond its share of the hot tier gives its least recently used. */
  #coolOne(): number {
    const tenant = this.#furthestBeyond((one) => one.hot.count, this.#maxHot);
    return tenant ? this.#coolOldestOf(tenant) : 0;
  }

  /** Makes room for a detail. A namespace beyond its share of memory gives codes before another within its own gives details. */
  #makeRoom(asking: CollectionMemory): number {
    const tenant = this.#largestHolder();
    if (!tenant) return 0;
    if (tenant.hot.count > 0) return this.#coolOldestOf(tenant);
    return tenant === asking.tenant ? 0 : this.#shedBlockOf(tenant);
  }

  #largestHolder(): Tenant | null {
    return this.#furthestBeyond(({ bytes, codes }) => (codes > 0 ? bytes : 0), this.#account.ceilingBytes);
  }

  #coolOldestOf({ hot }: Tenant): number {
    const collection = this.#hot.ownerOf(hot.oldest);
    collection.coolHandle(hot.oldest);
    collection.evictions++;
    this.#onLeave("code");
    return 1;
  }

  #shedBlock(): number {
    const tenant = this.#largestHolder();
    return tenant ? this.#shedBlockOf(tenant) : 0;
  }

  #shedBlockOf(tenant: Tenant): number {
    let victim: CollectionMemory | null = null;
    for (const collection of this.#collections) {
      if (collection.tenant !== tenant || collection.count === 0) continue;
      if (!victim || collection.searchedAtMs < victim.searchedAtMs) victim = collection;
    }
    if (!victim) return 0;
    victim.sheds++;
    const last = victim.codes.inLastBlock;
    // From the front: the oldest rows; those behind move up, and the last block comes free.
    for (let i = 0; i < last; i++) {
      const slot = i % victim.codes.count;
      if (victim.isHot(slot)) victim.evictions++;
      victim.remove(victim.codes.rowAt(slot));
      this.#onLeave("disk");
    }
    return last;
  }

  #furthestBeyond(held: (tenant: Tenant) => number, bound: number): Tenant | null {
    return furthestBeyondShare(this.#tenants.values(), held, bound, this.#clock.monotonicMs());
  }
}
