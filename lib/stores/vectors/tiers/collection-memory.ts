import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type { Query } from "../codec/query.ts";
import type { RowBatch } from "../codec/row-codec.ts";
import { rankOf } from "../codec/row-decode.ts";
import type { RowFormat } from "../codec/row-format.ts";
import type { BlockArena } from "./block-arena.ts";
import { CollectionCodes, NOT_HOT } from "./collection-codes.ts";
import { DetailPlane, LINK } from "./detail-plane.ts";
import type { HotTier } from "./hot-tier.ts";
import type { Payload } from "./payload-arena.ts";
import { RowIndex } from "./row-index.ts";
import type { Tenant } from "./tenant.ts";

/**
 * What memory holds of one collection: codes of some or all of its vectors, and the details, ids and metadata of the hot ones among them.
 * Nothing here is the only copy. Methods that need memory return false when there is none: making room is VectorMemory's affair.
 */
export class CollectionMemory {
  readonly format: RowFormat;
  readonly codes: CollectionCodes;
  readonly details: DetailPlane;
  /** The namespace that it is of, which answers for what it holds. */
  readonly tenant: Tenant;
  readonly #index: RowIndex;
  readonly #hot: HotTier<CollectionMemory>;
  /** Monotonic time of the last search: codes of the collection longest unsearched are the first to go. */
  searchedAtMs = 0;
  /** Vectors of this collection pushed out of the hot tier, ever. */
  evictions = 0;
  /** Grows when codes are released for want of memory. */
  sheds = 0;
  #payloadBytes = 0;
  /** What the tenant has been told that this holds. */
  #toldBytes = 0;
  #toldCodes = 0;

  constructor(
    format: RowFormat,
    tenant: Tenant,
    parts: { arena: BlockArena; hot: HotTier<CollectionMemory>; account: MemoryAccount },
  ) {
    const { arena, hot, account } = parts;
    this.format = format;
    this.tenant = tenant;
    this.codes = new CollectionCodes(arena, format);
    this.details = new DetailPlane(arena, format);
    this.#index = new RowIndex(account, (slot) => this.codes.rowAt(slot));
    this.#hot = hot;
  }

  get count(): number {
    return this.codes.count;
  }

  get hotCount(): number {
    return this.details.count;
  }

  /** Blocks, the index, and the ids and metadata of hot vectors. */
  get bytes(): number {
    return this.codes.bytes + this.details.bytes + this.#index.bytes + this.#payloadBytes;
  }

  get indexBytes(): number {
    return this.#index.bytes;
  }

  has(row: number): boolean {
    return this.#index.get(row) >= 0;
  }

  slotOf(row: number): number {
    return this.#index.get(row);
  }

  /** Stores the code of `row`; a hot row keeps its place and must be heated again with the new detail. False: no memory for it. */
  putCode(row: number, batch: RowBatch, index: number): boolean {
    let slot = this.#index.get(row);
    if (slot < 0) {
      if (!this.#index.reserve() || !this.codes.reserve()) return false;
      slot = this.codes.append();
      this.codes.write(slot, row, batch, index);
      this.codes.setHandle(slot, NOT_HOT);
      this.#index.set(row, slot);
      this.#tell();
      return true;
    }
    this.codes.write(slot, row, batch, index);
    return true;
  }

  /** Makes a coded row hot, as the most recently used. False: no memory for it, and it is not hot now. */
  heat(row: number, batch: RowBatch, index: number, payload: Payload): boolean {
    const slot = this.#index.get(row);
    let handle = this.codes.handleAt(slot);
    if (handle !== NOT_HOT) this.cool(slot);
    const room = this.details.reserve();
    if (room === null) return false;
    if (room !== true) this.#hot.own(room.id, this);
    handle = this.details.append();
    const offset = this.#hot.payloads.add(handle, payload);
    if (offset < 0) {
      this.#dropLastDetail();
      return false;
    }
    this.#payloadBytes += this.#hot.payloads.sizeAt(offset);
    this.details.write(handle, batch, index);
    this.#hot.links.set(handle, LINK.slot, slot);
    this.#hot.links.set(handle, LINK.payload, offset);
    this.#hot.push(this.tenant.hot, handle);
    this.codes.setHandle(slot, handle);
    this.#tell();
    return true;
  }

  /** Lets the detail of a hot slot go: it is cold now, and found by its code. */
  cool(slot: number): void {
    const handle = this.codes.handleAt(slot);
    if (handle === NOT_HOT) return;
    const payload = this.#hot.links.get(handle, LINK.payload);
    this.#payloadBytes -= this.#hot.payloads.sizeAt(payload);
    this.#hot.payloads.remove(payload);
    this.#hot.unlink(this.tenant.hot, handle);
    this.codes.setHandle(slot, NOT_HOT);
    const last = this.details.last;
    if (last !== handle) {
      this.details.copy(last, handle);
      this.#hot.moved(this.tenant.hot, last, handle);
      this.codes.setHandle(this.#hot.links.get(handle, LINK.slot), handle);
    }
    this.#dropLastDetail();
  }

  /** Cools the slot that owns `handle`. */
  coolHandle(handle: number): void {
    this.cool(this.#hot.links.get(handle, LINK.slot));
  }

  /** Forgets a row; true when it was in memory. */
  remove(row: number): boolean {
    const slot = this.#index.get(row);
    if (slot < 0) return false;
    this.cool(slot);
    this.#index.delete(row);
    if (this.codes.vacate(slot)) {
      this.#index.set(this.codes.rowAt(slot), slot);
      const handle = this.codes.handleAt(slot);
      if (handle !== NOT_HOT) this.#hot.links.set(handle, LINK.slot, slot);
    }
    this.codes.dropLast();
    this.#tell();
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    while (this.codes.count > 0) this.remove(this.codes.rowAt(this.codes.count - 1));
    this.#index.clear();
    this.#tell();
  }

  isHot(slot: number): boolean {
    return this.codes.handleAt(slot) !== NOT_HOT;
  }

  touch(slot: number): void {
    const handle = this.codes.handleAt(slot);
    if (handle !== NOT_HOT) this.#hot.touch(this.tenant.hot, handle);
  }

  /** A hot slot's rank at full stored precision. */
  rank(slot: number, query: Query): number {
    const { codes, details } = this;
    const handle = codes.handleAt(slot);
    const at = details.detailAt(handle);
    return rankOf(query, codes.viewsAt(slot), codes.codeAt(slot), codes.scaleAt(slot), details.viewsAt(handle), at);
  }

  idAt(slot: number): string {
    return this.#hot.payloads.id(this.#payloadAt(slot));
  }

  metadataAt(slot: number): string | null {
    return this.#hot.payloads.metadata(this.#payloadAt(slot));
  }

  #payloadAt(slot: number): number {
    return this.#hot.links.get(this.codes.handleAt(slot), LINK.payload);
  }

  #dropLastDetail(): void {
    const freed = this.details.dropLast();
    if (freed !== null) this.#hot.disown(freed);
    this.#tell();
  }

  #tell(): void {
    const { bytes, count, tenant } = this;
    tenant.bytes += bytes - this.#toldBytes;
    tenant.codes += count - this.#toldCodes;
    this.#toldBytes = bytes;
    this.#toldCodes = count;
  }
}
