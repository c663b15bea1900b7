import type { Relief } from "../../ports/bounded-store.ts";
import { FreeSlots } from "../core/free-slots.ts";
import { grown } from "../core/grown.ts";
import { SlotTable } from "../core/slot-table.ts";

/** A slot's share beside the table with its key: value reference, size and expiry. */
const SLOT_BYTES = 8 + 4 + 8;

/** Where entries are: by slot number, in columns, found by hash and key. Free slots are chained. It knows no bounds. */
export class EntrySlots<V> {
  #table: SlotTable;
  #values: (V | undefined)[];
  /** Bytes of a used slot; the next free slot of a free one. */
  #sizes: Uint32Array;
  #expiresAtMs: Float64Array;
  #free: FreeSlots;

  constructor(slots: number) {
    this.#table = new SlotTable(slots, true);
    this.#values = new Array<V | undefined>(slots).fill(undefined);
    this.#sizes = new Uint32Array(slots);
    this.#expiresAtMs = new Float64Array(slots);
    this.#free = new FreeSlots(this.#sizes);
  }

  static bytesFor(slots: number): number {
    return SlotTable.bytesFor(slots, true) + SLOT_BYTES * slots;
  }

  get count(): number {
    return this.#sizes.length;
  }

  get isFull(): boolean {
    return this.#free.isEmpty;
  }

  /** The slot of a key, or -1. */
  find(hash: number, key: string): number {
    return this.#table.find(hash, key);
  }

  /** Undefined for a free slot. */
  key(slot: number): string | undefined {
    return this.#table.keys[slot];
  }

  hash(slot: number): number {
    return this.#table.hashOf(slot);
  }

  value(slot: number): V {
    return this.#values[slot] as V;
  }

  sizeBytes(slot: number): number {
    return this.#sizes[slot] as number;
  }

  expiresAtMs(slot: number): number {
    return this.#expiresAtMs[slot] as number;
  }

  /** Puts an entry into a free slot; the caller has made sure that there is one, and that the key is absent. */
  add(hash: number, key: string, value: V, sizeBytes: number, expiresAtMs: number): number {
    const slot = this.#free.take();
    this.#table.add(slot, hash, key);
    this.#values[slot] = value;
    this.#sizes[slot] = sizeBytes;
    this.#expiresAtMs[slot] = expiresAtMs;
    return slot;
  }

  replace(slot: number, value: V, expiresAtMs: number): void {
    this.#values[slot] = value;
    this.#expiresAtMs[slot] = expiresAtMs;
  }

  resize(slot: number, sizeBytes: number): void {
    this.#sizes[slot] = sizeBytes;
  }

  remove(slot: number): void {
    this.#table.remove(slot);
    this.#values[slot] = undefined;
    this.#free.give(slot);
  }

  grow(slots: number): void {
    this.#table.grow(slots, (slot) => this.key(slot) !== undefined);
    while (this.#values.length < slots) this.#values.push(undefined);
    this.#sizes = grown(this.#sizes, slots);
    this.#expiresAtMs = grown(this.#expiresAtMs, slots);
    this.#free.grow(this.#sizes);
  }

  /** Moves the entries of `order` to the first of so many new slots, in that order. */
  rebuild(slots: number, order: readonly number[]): void {
    const table = this.#table;
    const values = this.#values;
    const sizes = this.#sizes;
    const expiresAtMs = this.#expiresAtMs;
    this.#table = new SlotTable(slots, true);
    this.#values = new Array<V | undefined>(slots).fill(undefined);
    this.#sizes = new Uint32Array(slots);
    this.#expiresAtMs = new Float64Array(slots);
    this.#free = new FreeSlots(this.#sizes);
    for (const old of order)
      this.add(
        table.hashOf(old),
        table.keys[old] as string,
        values[old] as V,
        sizes[old] as number,
        expiresAtMs[old] as number,
      );
  }

  /** Slots by hash: see `SlotTable.walk`. */
  walk(from: number, cells: number): { slots: number[]; next: number | null } {
    return this.#table.walk(from, cells);
  }

  /** What the first entries of `slots` hold together, until it is `targetBytes`. */
  relief(slots: Iterable<number>, targetBytes = Number.POSITIVE_INFINITY): Relief {
    let items = 0;
    let freedBytes = 0;
    for (const slot of slots) {
      if (freedBytes >= targetBytes) break;
      items += 1;
      freedBytes += this.sizeBytes(slot);
    }
    return { items, freedBytes };
  }

  *used(): Generator<number> {
    for (let slot = 0; slot < this.count; slot += 1) if (this.key(slot) !== undefined) yield slot;
  }
}
