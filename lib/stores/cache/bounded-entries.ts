import { randomInt } from "node:crypto";
import type { Relief, Yielder } from "../../ports/bounded-store.ts";
import { CoarseClock } from "../core/coarse-clock.ts";
import { hashKey } from "../core/key-hash.ts";
import type { Ask, Owner } from "../core/owners.ts";
import { StoreCounters } from "../core/store-counters.ts";
import type { BoundedEntriesOptions, RemovalCause, SetOutcome } from "./bounded-entries-options.ts";
import { EntryRoom } from "./entry-room.ts";
import { EntrySlots } from "./entry-slots.ts";
import { EntryView } from "./entry-view.ts";
import type { EvictionPolicy, PolicyName } from "./eviction/eviction-policy.ts";
import { type PolicySetting, policyBytesOf, policyOf } from "./eviction/policy-setting.ts";

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
  readonly #room: EntryRoom;
  readonly #slots: EntrySlots<V>;
  readonly view: EntryView<V>;
  #setting: PolicySetting;
  #policy: EvictionPolicy;
  readonly #hashOf = (slot: number): number => this.#slots.hash(slot);

  /** @throws {RangeError} when the bounds leave no room for the index, or the account does not grant it. */
  constructor(options: BoundedEntriesOptions<V>) {
    this.#options = options;
    this.#clock = new CoarseClock(options.clock);
    this.counters = new StoreCounters(this.#clock);
    this.#seed = options.seed ?? randomInt(2 ** 32);
    this.#setting = options.policy;
    this.#room = new EntryRoom(options.account, options.maxItems, options.maxBytes);
    const slots = Math.min(options.maxItems, FIRST_SLOTS);
    const indexBytes = this.#indexBytesFor(slots);
    if (indexBytes > options.maxBytes || !this.#room.setIndex(indexBytes)) {
      throw new RangeError(`an index of ${slots} entries needs ${indexBytes} bytes`);
    }
    this.#slots = new EntrySlots(slots);
    this.view = new EntryView(this.#slots, this.#clock, this.#seed);
    this.#policy = this.#newPolicy(slots);
  }

  get items(): number {
    return this.#room.items;
  }

  get bytes(): number {
    return this.#room.bytes;
  }

  get indexBytes(): number {
    return this.#room.indexBytes;
  }

  get maxItems(): number {
    return this.#room.maxItems;
  }

  get maxBytes(): number {
    return this.#room.maxBytes;
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

  /** Stores a value of `sizeBytes` for `ttlMs`. `too-large` and `no-memory` change nothing under the key. */
  set(key: string, value: V, sizeBytes: number, ttlMs: number): SetOutcome {
    const room = this.#room;
    if (sizeBytes > room.maxBytes - room.indexBytes || room.maxItems < 1) return this.#reject("too-large");
    const hash = hashKey(key, this.#seed);
    const expiresAtMs = this.#clock.monotonicMs() + ttlMs;
    const present = this.#slots.find(hash, key);
    const wasThere = present >= 0 && !this.view.isExpired(present);
    if (wasThere && this.#replaceInPlace(present, value, sizeBytes, expiresAtMs)) return "replaced";
    if (!room.canPay(sizeBytes)) return this.#reject("no-memory");
    room.beginExchange();
    if (present >= 0) this.#drop(present, wasThere ? "replaced" : "expired");
    const owner = this.#options.fair?.ownerOf(value) ?? null;
    const fits = this.#takeRoom(sizeBytes, owner);
    room.endExchange();
    if (!fits) return this.#reject("no-memory");
    const slot = this.#slots.add(hash, key, value, sizeBytes, expiresAtMs);
    room.added(sizeBytes);
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
    const wasThere = !this.view.isExpired(slot);
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

  /** What `evict(targetBytes)` would free; where namespaces share, others may go first, and it is near. */
  predictEviction(targetBytes: number): Relief {
    return this.#slots.relief(this.#policy.coldestFirst(), targetBytes);
  }

  /** Evicts whole entries until `targetBytes` are given back, or none is left. */
  evict(targetBytes: number): Relief {
    let items = 0;
    let freedBytes = 0;
    while (freedBytes < targetBytes && this.#room.items > 0) {
      items += 1;
      freedBytes += this.evictOne();
    }
    return { items, freedBytes };
  }

  /** Removes what has expired, in slices; `mostBytes` ends it early. */
  async sweep(yielder: Yielder, mostBytes = Number.POSITIVE_INFINITY): Promise<Relief> {
    let items = 0;
    let freedBytes = 0;
    for (let slot = 0; slot < this.#slots.count && freedBytes < mostBytes; slot += 1) {
      if (slot % SWEEP_STRIDE === 0 && yielder.spent) await yielder.yield();
      if (this.#slots.key(slot) === undefined || !this.view.isExpired(slot)) continue;
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
    const room = this.#room;
    const maxItems = bounds.maxItems ?? room.maxItems;
    const maxBytes = bounds.maxBytes ?? room.maxBytes;
    const policy = bounds.policy ?? this.#setting;
    const rebuilds = maxItems !== room.maxItems || policy !== this.#setting;
    const slots = Math.min(maxItems, Math.max(FIRST_SLOTS, room.items));
    const indexBytes = rebuilds ? this.#indexBytesFor(slots, maxItems, policy) : room.indexBytes;
    if (indexBytes > maxBytes) {
      this.#lower(maxItems, maxBytes);
      throw new RangeError(`an index of ${maxItems} entries needs ${indexBytes} bytes`);
    }
    while (room.items > maxItems || room.entryBytes + indexBytes > maxBytes) this.evictOne();
    if (!room.setIndex(indexBytes)) {
      this.#lower(maxItems, maxBytes);
      throw new RangeError(`no memory for an index of ${maxItems} entries`);
    }
    room.maxBytes = maxBytes;
    if (!rebuilds) return;
    room.maxItems = maxItems;
    this.#setting = policy;
    this.#slots.rebuild(slots, [...this.#policy.coldestFirst()]);
    this.#policy = this.#newPolicy(slots);
    for (const slot of this.#slots.used()) this.#policy.insert(slot, this.#slots.hash(slot));
  }

  /** Bounds that are lower than those in force hold with the index that is there; it alone may take more than `maxBytes`. */
  #lower(maxItems: number, maxBytes: number): void {
    const room = this.#room;
    room.maxItems = Math.min(room.maxItems, maxItems);
    room.maxBytes = Math.max(room.indexBytes, Math.min(room.maxBytes, maxBytes));
    while (room.items > room.maxItems || room.bytes > room.maxBytes) this.evictOne();
  }

  /** Empties the store and gives back everything, the index too; it must not be used afterwards. */
  close(): void {
    while (this.evictOne() > 0);
    this.#room.setIndex(0);
    this.#room.maxItems = 0;
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
    if (!this.#room.tryGrow(growth)) return false;
    this.#slots.resize(slot, sizeBytes);
    const { fair } = this.#options;
    fair?.owners.add(fair.ownerOf(this.#slots.value(slot)), 0, growth);
    return true;
  }

  /** Evicts until the entry fits under both bounds and is paid for: from what is evicted first, then by the ledger. */
  #takeRoom(sizeBytes: number, owner: Owner | null): boolean {
    const place: Ask = { owner, measure: "items", more: 1 };
    const room: Ask = { owner, measure: "bytes", more: sizeBytes };
    const held = this.#room;
    while (held.items >= held.maxItems) this.evictOne(place);
    while (held.bytes + sizeBytes > held.maxBytes) this.evictOne(room);
    if (this.#slots.isFull && !this.#growIndex(sizeBytes)) this.evictOne(place);
    while (!held.tryPay(sizeBytes)) if (this.evictOne(room) === 0) return false;
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
    this.#room.removed(sizeBytes);
    const { fair } = this.#options;
    fair?.owners.add(fair.ownerOf(value), -1, -sizeBytes);
    this.counters.removed(cause);
    this.#options.onRemoved?.(value, cause, key);
  }

  #reject<O extends SetOutcome>(outcome: O): O {
    this.counters.reject();
    return outcome;
  }

  #newPolicy(slots: number): EvictionPolicy {
    return policyOf(this.#setting, { slots, maxItems: this.#room.maxItems }, this.#hashOf);
  }

  #indexBytesFor(slots: number, maxItems = this.#room.maxItems, policy = this.#setting): number {
    return policyBytesOf(policy, { slots, maxItems }) + EntrySlots.bytesFor(slots);
  }

  /** Twice the slots, if the bounds and the account leave room for them and for `sizeBytes` more. */
  #growIndex(sizeBytes: number): boolean {
    const room = this.#room;
    const before = this.#slots.count;
    const slots = Math.min(room.maxItems, before * 2);
    const indexBytes = this.#indexBytesFor(slots);
    if (slots <= before || room.entryBytes + indexBytes + sizeBytes > room.maxBytes) return false;
    if (!room.setIndex(indexBytes)) return false;
    this.#slots.grow(slots);
    this.#policy.grow(slots);
    return true;
  }
}
