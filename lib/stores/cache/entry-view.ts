import type { Relief } from "../../ports/bounded-store.ts";
import type { CoarseClock } from "../core/coarse-clock.ts";
import { hashKey } from "../core/key-hash.ts";
import type { EntrySlots } from "./entry-slots.ts";

export interface HeldEntry<V> {
  key: string;
  value: V;
  sizeBytes: number;
  expiresAtMs: number;
}

export interface WalkedEntry<V> extends HeldEntry<V> {
  /** Of its key, unsigned. */
  hash: number;
}

/** Looks at what a bounded store holds, which change nothing and are no uses. */
export class EntryView<V> {
  readonly #slots: EntrySlots<V>;
  readonly #clock: CoarseClock;
  readonly #seed: number;

  constructor(slots: EntrySlots<V>, clock: CoarseClock, seed: number) {
    this.#slots = slots;
    this.#clock = clock;
    this.#seed = seed;
  }

  /** The value under a key; what has expired is not there. */
  peek(key: string): V | undefined {
    const slot = this.#slots.find(hashKey(key, this.#seed), key);
    return slot >= 0 && !this.isExpired(slot) ? this.#slots.value(slot) : undefined;
  }

  /** When the entry expires, by the monotonic clock; 0 for none. */
  expiresAtMs(key: string): number {
    const slot = this.#slots.find(hashKey(key, this.#seed), key);
    return slot < 0 ? 0 : this.#slots.expiresAtMs(slot);
  }

  isExpired(slot: number): boolean {
    return this.#slots.expiresAtMs(slot) <= this.#clock.monotonicMs();
  }

  *entries(): Generator<HeldEntry<V>> {
    for (const slot of this.#slots.used()) if (!this.isExpired(slot)) yield this.#entry(slot);
  }

  /**
   * A stretch of the live entries in the order of their keys' hashes, from the hash `from` (0 to begin with) on; `next` is where
   * the next one begins, null at the end. The order does not change when entries come, go or are written again, nor when the
   * index is built again: who walks to the end meets each that was there all the time exactly once.
   */
  walk(from: number, cells: number): { entries: WalkedEntry<V>[]; next: number | null } {
    const { slots, next } = this.#slots.walk(from, cells);
    const live = slots.filter((slot) => !this.isExpired(slot));
    return { entries: live.map((slot) => ({ ...this.#entry(slot), hash: this.#slots.hash(slot) >>> 0 })), next };
  }

  /** What has expired and is still held. */
  expired(): Relief {
    return this.#slots.relief(this.#expiredSlots());
  }

  *expiredValues(): Generator<V> {
    for (const slot of this.#expiredSlots()) yield this.#slots.value(slot);
  }

  *#expiredSlots(): Generator<number> {
    for (const slot of this.#slots.used()) if (this.isExpired(slot)) yield slot;
  }

  #entry(slot: number): HeldEntry<V> {
    return {
      key: this.#slots.key(slot) as string,
      value: this.#slots.value(slot),
      sizeBytes: this.#slots.sizeBytes(slot),
      expiresAtMs: this.#slots.expiresAtMs(slot),
    };
  }
}
