import { randomInt } from "node:crypto";
import type { Relief, Yielder } from "../../ports/bounded-store.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { CoarseClock } from "../core/coarse-clock.ts";
import { hashKey } from "../core/key-hash.ts";
import type { Ask, Owner } from "../core/owners.ts";
import { StoreCounters, type RemovalCause as StoreRemovalCause } from "../core/store-counters.ts";
import { EntrySlots } from "./entry-slots.ts";
import { autoPolicyBytes, createAutoPolicy } from "./eviction/auto-policy.ts";
import { createPolicy, policyBytes } from "./eviction/create-policy.ts";
import type { EvictionPolicy, PolicyName } from "./eviction/eviction-policy.ts";
import type { FairEviction } from "./fair-eviction.ts";

/** Nothing that is evicted here is kept elsewhere. */
type RemovalCause = Exclude<StoreRemovalCause, "spilled">;

export type PolicySetting = PolicyName | "auto";
/** `too-large`: it can never fit. `no-memory`: the ledger refuses, and this store holds too little to make room by itself. */
export type SetOutcome = "added" | "replaced" | "too-large" | "no-memory";

export interface BoundedEntriesOptions<V> {
  maxItems: number;
  /** Of everything: what `set` was told of the entries, and the index. */
  maxBytes: number;
  policy: PolicySetting;
  clock: Clock;
  account: MemoryAccount;
  /** Of the key hash; drawn at random unless a simulation wants to repeat itself. */
  seed?: number;
  /** Of values that belong to namespaces: none is pushed out below its share by another. */
  fair?: FairEviction<V>;
  /** Called after an entry has gone, whatever the cause; must not call back into the store. */
  onRemoved?: (value: V, cause: RemovalCause, key: string) => void;
}

export interface WalkedEntry<V> {
  /** Of its key, unsigned. */
  hash: number;
  key: string;
  value: V;
  sizeBytes: number;
  expiresAtMs: number;
}

const FIRST_SLOTS = 2048;
/** Nobody asks: the store gives back. */
const GIVE_BACK: Ask = { owner: null, measure: "bytes", more: 0 };
/** Slots looked at between two looks at the yielder. */
const SWEEP_STRIDE = 64;

/**
 * Entries by key with a size and a time to live. After every call `items <= maxItems` and `bytes <= maxBytes`, and every byte
 * was granted by the account before it was taken. All but `sweep`, `resize` and growing are O(1).
 */
export class BoundedEntries<V> {
  readonly #options: BoundedEntriesOptions<V>;
  readonly #seed: number;
  readonly #clock: CoarseClock;
  readonly counters: StoreCounters;
  #maxItems: number;
  #setting: PolicySetting;
  #maxBytes: number;
  #slots: EntrySlots<V>;
  #policy: EvictionPolicy;
  #items = 0;
  #entryBytes = 0;
  #indexBytes: number;
  /** Bytes granted and released, kept for what is about to be taken: under hard pressure the ledger grants nothing more. */
  #spareBytes = 0;
  #keepsSpare = false;
  readonly #hashOf = (slot: number): number => this.#slots.hash(slot);

  /** @throws {RangeError} when the bounds leave no room for the index, or the account does not grant it. */
  constructor(options: BoundedEntriesOptions<V>) {
    this.#options = options;
    this.#clock = new CoarseClock(options.clock);
    this.counters = new StoreCounters(this.#clock);
    this.#seed = options.seed ?? randomInt(2 ** 32);
    this.#maxItems = options.maxItems;
    this.#setting = options.policy;
    this.#maxBytes = options.maxBytes;
    const slots = Math.min(options.maxItems, FIRST_SLOTS);
    this.#indexBytes = this.#indexBytesFor(slots);
    if (this.#indexBytes > options.maxBytes || !options.account.tryReserve(this.#indexBytes)) {
      throw new RangeError(`an index of ${slots} entries needs ${this.#indexBytes} bytes`);
    }
    this.#slots = new EntrySlots(slots);
    this.#policy = this.#newPolicy(slots);
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#entryBytes + this.#indexBytes;
  }

  get indexBytes(): number {
    return this.#indexBytes;
  }

  get maxItems(): number {
    return this.#maxItems;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  get policySetting(): PolicySetting {
    return this.#setting;
  }

  /** The policy in force now. */
  get policyName(): PolicyName {
    return this.#policy.name;
  }

  /** A use: counts, teaches the policy, and removes an entry that has expired. */
  get(key: string): V | undefined {
    const nowMs = this.#clock.monotonicMs();
    const hash = hashKey(key, this.#seed);
    let slot = this.#slots.find(hash, key);
    if (slot >= 0 && this.#slots.expiresAtMs(slot) <= nowMs) {
      this.#drop(slot, "expired");
      slot = -1;
    }
    this.#policy.observe(hash);
    if (slot < 0) {
      this.counters.miss(nowMs);
      return undefined;
    }
    this.counters.hit(nowMs);
    this.#policy.touch(slot);
    return this.#slots.value(slot);
  }

  /** A look that changes nothing; what has expired is not there. */
  peek(key: string): V | undefined {
    const slot = this.#slots.find(hashKey(key, this.#seed), key);
    return slot >= 0 && !this.#isExpired(slot) ? this.#slots.value(slot) : undefined;
  }

  /** Milliseconds until the entry expires, 0 for none. */
  ttlLeftMs(key: string): number {
    const slot = this.#slots.find(hashKey(key, this.#seed), key);
    if (slot < 0) return 0;
    return Math.max(0, this.#slots.expiresAtMs(slot) - this.#clock.monotonicMs());
  }

  /** Stores a value of `sizeBytes` for `ttlMs`. `too-large` and `no-memory` change nothing under the key. */
  set(key: string, value: V, sizeBytes: number, ttlMs: number): SetOutcome {
    if (sizeBytes > this.#maxBytes - this.#indexBytes || this.#maxItems < 1) return this.#reject("too-large");
    const hash = hashKey(key, this.#seed);
    const expiresAtMs = this.#clock.monotonicMs() + ttlMs;
    const present = this.#slots.find(hash, key);
    const wasThere = present >= 0 && !this.#isExpired(present);
    if (wasThere && this.#replaceInPlace(present, value, sizeBytes, expiresAtMs)) return "replaced";
    if (!this.#canPay(sizeBytes)) return this.#reject("no-memory");
    this.#keepsSpare = true;
    if (present >= 0) this.#drop(present, wasThere ? "replaced" : "expired");
    const owner = this.#options.fair?.ownerOf(value) ?? null;
    const fits = this.#takeRoom(sizeBytes, owner);
    this.#keepsSpare = false;
    if (this.#spareBytes > 0) this.#options.account.release(this.#spareBytes);
    this.#spareBytes = 0;
    if (!fits) return this.#reject("no-memory");
    const slot = this.#slots.add(hash, key, value, sizeBytes, expiresAtMs);
    this.#items += 1;
    this.#entryBytes += sizeBytes;
    if (owner !== null) this.#options.fair?.owners.add(owner, 1, sizeBytes);
    this.#policy.insert(slot, hash);
    return wasThere ? "replaced" : "added";
  }

  /** Corrects an entry's size, as when its value was compressed; a larger one needs room under both bounds and the account. */
  resizeEntry(key: string, sizeBytes: number): boolean {
    const slot = this.#slots.find(hashKey(key, this.#seed), key);
    return slot >= 0 && this.#changeSize(slot, sizeBytes);
  }

  delete(key: string): boolean {
    const slot = this.#slots.find(hashKey(key, this.#seed), key);
    if (slot < 0) return false;
    const wasThere = !this.#isExpired(slot);
    this.#drop(slot, wasThere ? "deleted" : "expired");
    return wasThere;
  }

  /** Evicts what the policy thinks least worth keeping, of a namespace beyond its share; returns the bytes given back, 0 when empty. */
  evictOne(ask = GIVE_BACK): number {
    const first = this.#policy.evict(this.#hashOf);
    const slot = this.#options.fair?.choose(first, this.#slots, this.#policy, ask) ?? first;
    if (slot < 0) return 0;
    const sizeBytes = this.#slots.sizeBytes(slot);
    this.#forget(slot, "evicted");
    return sizeBytes;
  }

  /** What `evict(targetBytes)` would free. */
  predictEviction(targetBytes: number): Relief {
    let items = 0;
    let freedBytes = 0;
    for (const slot of this.#policy.coldestFirst()) {
      if (freedBytes >= targetBytes) break;
      items += 1;
      freedBytes += this.#slots.sizeBytes(slot);
    }
    return { items, freedBytes };
  }

  /** Evicts whole entries until `targetBytes` are given back, or none is left. */
  evict(targetBytes: number): Relief {
    let items = 0;
    let freedBytes = 0;
    while (freedBytes < targetBytes && this.#items > 0) {
      items += 1;
      freedBytes += this.evictOne();
    }
    return { items, freedBytes };
  }

  *entries(): Generator<{ key: string; value: V; sizeBytes: number; expiresAtMs: number }> {
    for (const slot of this.#slots.used()) if (!this.#isExpired(slot)) yield this.#entry(slot);
  }

  /**
   * A stretch of the live entries in the order of their keys' hashes, from the hash `from` (0 to begin with) on; `next` is where
   * the next one begins, null at the end. The order does not change when entries come, go or are written again, nor when the
   * index is built again: who walks to the end meets each that was there all the time exactly once.
   */
  walk(from: number, cells: number): { entries: WalkedEntry<V>[]; next: number | null } {
    const { slots, next } = this.#slots.walk(from, cells);
    const live = slots.filter((slot) => !this.#isExpired(slot));
    return { entries: live.map((slot) => ({ ...this.#entry(slot), hash: this.#slots.hash(slot) >>> 0 })), next };
  }

  /** What has expired and is still held. */
  expired(): Relief {
    let items = 0;
    let freedBytes = 0;
    for (const slot of this.#expiredSlots()) {
      items += 1;
      freedBytes += this.#slots.sizeBytes(slot);
    }
    return { items, freedBytes };
  }

  *expiredValues(): Generator<V> {
    for (const slot of this.#expiredSlots()) yield this.#slots.value(slot);
  }

  /** Removes what has expired, in slices; `mostBytes` ends it early. */
  async sweep(yielder: Yielder, mostBytes = Number.POSITIVE_INFINITY): Promise<Relief> {
    let items = 0;
    let freedBytes = 0;
    for (let slot = 0; slot < this.#slots.count && freedBytes < mostBytes; slot += 1) {
      if (slot % SWEEP_STRIDE === 0 && yielder.spent) await yielder.yield();
      if (this.#slots.key(slot) === undefined || !this.#isExpired(slot)) continue;
      items += 1;
      freedBytes += this.#slots.sizeBytes(slot);
      this.#drop(slot, "expired");
    }
    return { items, freedBytes };
  }

  /**
   * New bounds, which hold when this returns. Another `maxItems` or policy rebuilds the index, and `auto` judges again.
   *
   * @throws {RangeError} when the index would not fit: then policy and index stay, and of the bounds the lower ones hold.
   */
  resize(bounds: { maxItems?: number; maxBytes?: number; policy?: PolicySetting }): void {
    const maxItems = bounds.maxItems ?? this.#maxItems;
    const maxBytes = bounds.maxBytes ?? this.#maxBytes;
    const policy = bounds.policy ?? this.#setting;
    const rebuilds = maxItems !== this.#maxItems || policy !== this.#setting;
    const slots = Math.min(maxItems, Math.max(FIRST_SLOTS, this.#items));
    const indexBytes = rebuilds ? this.#indexBytesFor(slots, maxItems, policy) : this.#indexBytes;
    if (indexBytes > maxBytes) {
      this.#lower(maxItems, maxBytes);
      throw new RangeError(`an index of ${maxItems} entries needs ${indexBytes} bytes`);
    }
    while (this.#items > maxItems || this.#entryBytes + indexBytes > maxBytes) this.evictOne();
    if (!rebuilds) {
      this.#maxBytes = maxBytes;
      return;
    }
    if (indexBytes > this.#indexBytes && !this.#options.account.tryReserve(indexBytes - this.#indexBytes)) {
      this.#lower(maxItems, maxBytes);
      throw new RangeError(`no memory for an index of ${maxItems} entries`);
    }
    if (indexBytes < this.#indexBytes) this.#options.account.release(this.#indexBytes - indexBytes);
    this.#indexBytes = indexBytes;
    this.#maxBytes = maxBytes;
    this.#maxItems = maxItems;
    this.#setting = policy;
    this.#rebuild(slots);
  }

  /** Bounds that are lower than those in force hold with the index that is there; it alone may take more than `maxBytes`. */
  #lower(maxItems: number, maxBytes: number): void {
    this.#maxItems = Math.min(this.#maxItems, maxItems);
    this.#maxBytes = Math.max(this.#indexBytes, Math.min(this.#maxBytes, maxBytes));
    while (this.#items > this.#maxItems || this.bytes > this.#maxBytes) this.evictOne();
  }

  /** Empties the store and gives back everything, the index too; it must not be used afterwards. */
  close(): void {
    while (this.evictOne() > 0);
    this.#options.account.release(this.#indexBytes);
    this.#indexBytes = 0;
    this.#maxItems = 0;
  }

  #entry(slot: number) {
    return {
      key: this.#slots.key(slot) as string,
      value: this.#slots.value(slot),
      sizeBytes: this.#slots.sizeBytes(slot),
      expiresAtMs: this.#slots.expiresAtMs(slot),
    };
  }

  *#expiredSlots(): Generator<number> {
    for (const slot of this.#slots.used()) if (this.#isExpired(slot)) yield slot;
  }

  #replaceInPlace(slot: number, value: V, sizeBytes: number, expiresAtMs: number): boolean {
    if (!this.#changeSize(slot, sizeBytes)) return false;
    const before = this.#slots.value(slot);
    this.#slots.replace(slot, value, expiresAtMs);
    this.#policy.rewrite(slot, this.#slots.hash(slot));
    this.counters.removed("replaced");
    this.#options.onRemoved?.(before, "replaced", this.#slots.key(slot) as string);
    return true;
  }

  #changeSize(slot: number, sizeBytes: number): boolean {
    const growth = sizeBytes - this.#slots.sizeBytes(slot);
    if (growth > 0 && (this.bytes + growth > this.#maxBytes || !this.#options.account.tryReserve(growth))) return false;
    if (growth < 0) this.#options.account.release(-growth);
    this.#slots.resize(slot, sizeBytes);
    this.#entryBytes += growth;
    const { fair } = this.#options;
    fair?.owners.add(fair.ownerOf(this.#slots.value(slot)), 0, growth);
    return true;
  }

  /** Whether the entry could be paid for if every other had to go. */
  #canPay(sizeBytes: number): boolean {
    const missing = sizeBytes - this.#entryBytes;
    if (missing <= 0) return true;
    if (!this.#options.account.tryReserve(missing)) return false;
    this.#options.account.release(missing);
    return true;
  }

  /** Evicts until the entry fits under both bounds and is paid for: from what is evicted first, then by the ledger. */
  #takeRoom(sizeBytes: number, owner: Owner | null): boolean {
    const place: Ask = { owner, measure: "items", more: 1 };
    const room: Ask = { owner, measure: "bytes", more: sizeBytes };
    while (this.#items >= this.#maxItems) this.evictOne(place);
    while (this.bytes + sizeBytes > this.#maxBytes) this.evictOne(room);
    if (this.#slots.isFull && !this.#growIndex(sizeBytes)) this.evictOne(place);
    while (sizeBytes > this.#spareBytes && !this.#options.account.tryReserve(sizeBytes - this.#spareBytes)) {
      if (this.evictOne(room) === 0) return false;
    }
    this.#spareBytes -= Math.min(this.#spareBytes, sizeBytes);
    return true;
  }

  #drop(slot: number, cause: RemovalCause): void {
    this.#policy.remove(slot, this.#slots.hash(slot));
    this.#forget(slot, cause);
  }

  #forget(slot: number, cause: RemovalCause): void {
    const sizeBytes = this.#slots.sizeBytes(slot);
    const value = this.#slots.value(slot);
    const key = this.#slots.key(slot) as string;
    this.#slots.remove(slot);
    this.#items -= 1;
    this.#entryBytes -= sizeBytes;
    const { fair } = this.#options;
    fair?.owners.add(fair.ownerOf(value), -1, -sizeBytes);
    this.counters.removed(cause);
    if (this.#keepsSpare) this.#spareBytes += sizeBytes;
    else this.#options.account.release(sizeBytes);
    this.#options.onRemoved?.(value, cause, key);
  }

  #isExpired(slot: number): boolean {
    return this.#slots.expiresAtMs(slot) <= this.#clock.monotonicMs();
  }

  #reject<O extends SetOutcome>(outcome: O): O {
    this.counters.reject();
    return outcome;
  }

  #newPolicy(slots: number): EvictionPolicy {
    return this.#setting === "auto"
      ? createAutoPolicy({ slots, maxItems: this.#maxItems }, this.#hashOf)
      : createPolicy(this.#setting, slots);
  }

  #indexBytesFor(slots: number, maxItems = this.#maxItems, policy = this.#setting): number {
    const order = policy === "auto" ? autoPolicyBytes({ slots, maxItems }) : policyBytes(policy, slots);
    return order + EntrySlots.bytesFor(slots);
  }

  /** Twice the slots, if the bounds and the account leave room for them and for `sizeBytes` more. */
  #growIndex(sizeBytes: number): boolean {
    const before = this.#slots.count;
    const slots = Math.min(this.#maxItems, before * 2);
    const growth = this.#indexBytesFor(slots) - this.#indexBytes;
    if (slots <= before || this.bytes + growth + sizeBytes > this.#maxBytes) return false;
    if (!this.#options.account.tryReserve(growth)) return false;
    this.#indexBytes += growth;
    this.#slots.grow(slots);
    this.#policy.grow(slots);
    return true;
  }

  #rebuild(slots: number): void {
    const before = this.#slots;
    const coldestFirst = [...this.#policy.coldestFirst()];
    this.#slots = new EntrySlots(slots);
    this.#policy = this.#newPolicy(slots);
    for (const old of coldestFirst) {
      const hash = before.hash(old);
      const key = before.key(old) as string;
      const slot = this.#slots.add(hash, key, before.value(old), before.sizeBytes(old), before.expiresAtMs(old));
      this.#policy.insert(slot, hash);
    }
  }
}
