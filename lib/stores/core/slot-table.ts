import { grown } from "./grown.ts";

/** Cells per slot: at most 3 of 4 cells are used, so that a linear probe stays short. */
const CELLS_PER_SLOT = 4 / 3;

function cellsFor(slots: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, slots * CELLS_PER_SLOT)));
}

/** How many hashes there are: as unsigned numbers they are below this. */
export const HASHES = 2 ** 32;

/**
 * An open-addressed hash table from a 32-bit hash (and, if the owner keeps keys, a key) to a slot number below `slots`.
 * Linear probing with backward-shift deletion: no tombstones, so it never slows down with age. An entry's home cell is
 * the top of its hash, so that cells follow the hashes, and a walk by hash has the same order in a table of any size.
 * Memory: 4 bytes a slot and 5.3–10.7 bytes of cells, plus 8 bytes a slot where keys are kept.
 */
export class SlotTable {
  #cells: Int32Array;
  #mask: number;
  /** A hash without its lowest bits, this many, is its home cell. */
  #shift: number;
  #hashes: Int32Array;
  /** Keys by slot; empty when the owner tells entries apart by hash alone. */
  readonly keys: (string | undefined)[] = [];
  readonly #keepsKeys: boolean;

  constructor(slots: number, keepsKeys: boolean) {
    this.#hashes = new Int32Array(slots);
    this.#cells = new Int32Array(cellsFor(slots));
    this.#mask = this.#cells.length - 1;
    this.#shift = Math.clz32(this.#mask);
    this.#keepsKeys = keepsKeys;
    if (keepsKeys) this.keys = new Array<string | undefined>(slots).fill(undefined);
  }

  get slots(): number {
    return this.#hashes.length;
  }

  static bytesFor(slots: number, keepsKeys: boolean): number {
    return 4 * cellsFor(slots) + 4 * slots + (keepsKeys ? 8 * slots : 0);
  }

  hashOf(slot: number): number {
    return this.#hashes[slot] ?? 0;
  }

  /** The slot under `hash` and `key`, or -1. Expected O(1). */
  find(hash: number, key?: string): number {
    const cells = this.#cells;
    for (let cell = hash >>> this.#shift; ; cell = (cell + 1) & this.#mask) {
      const slot = (cells[cell] as number) - 1;
      if (slot < 0) return -1;
      if (this.#hashes[slot] === hash && (!this.#keepsKeys || this.keys[slot] === key)) return slot;
    }
  }

  /** The caller has made sure that the slot is free and the key is absent. */
  add(slot: number, hash: number, key?: string): void {
    this.#hashes[slot] = hash;
    if (this.#keepsKeys) this.keys[slot] = key;
    this.#place(slot, hash);
  }

  remove(slot: number): void {
    const cells = this.#cells;
    const mask = this.#mask;
    let hole = this.hashOf(slot) >>> this.#shift;
    while (cells[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let cell = (hole + 1) & mask; cells[cell] !== 0; cell = (cell + 1) & mask) {
      const home = (this.#hashes[(cells[cell] as number) - 1] as number) >>> this.#shift;
      // An entry may move back into the hole only if the hole is not before its home cell.
      if (((cell - home) & mask) >= ((cell - hole) & mask)) {
        cells[hole] = cells[cell] as number;
        hole = cell;
      }
    }
    cells[hole] = 0;
    if (this.#keepsKeys) this.keys[slot] = undefined;
  }

  /** Makes room for more slots; `isUsed` tells which of the present ones hold an entry. */
  grow(slots: number, isUsed: (slot: number) => boolean): void {
    const before = this.#hashes.length;
    this.#hashes = grown(this.#hashes, slots);
    this.#cells = new Int32Array(cellsFor(slots));
    this.#mask = this.#cells.length - 1;
    this.#shift = Math.clz32(this.#mask);
    if (this.#keepsKeys) for (let slot = before; slot < slots; slot += 1) this.keys.push(undefined);
    for (let slot = 0; slot < before; slot += 1) if (isUsed(slot)) this.#place(slot, this.hashOf(slot));
  }

  /**
   * The slots whose unsigned hashes are in [`from`, `next`), by hash and then by key; `next` is null at the end. Looks at
   * `cells` cells, and on to the end of the run of entries there: those of one hash are never parted.
   */
  walk(from: number, cells: number): { slots: number[]; next: number | null } {
    const size = this.#cells.length;
    const start = from >>> this.#shift;
    const slots: number[] = [];
    let cell = start;
    for (; ; cell += 1) {
      const slot = (this.#cells[cell & this.#mask] as number) - 1;
      if (slot < 0) {
        if (cell - start >= cells || cell >= size) break;
        continue;
      }
      const hash = this.hashOf(slot) >>> 0;
      const home = hash >>> this.#shift;
      // A run may reach over the end of the table: what stands in its first cells then has its home in the last ones.
      const isWrapped = home > (cell & this.#mask);
      if (hash >= from && isWrapped === cell >= size) slots.push(slot);
    }
    const next = (cell + 1) * 2 ** this.#shift;
    return { slots: slots.sort((a, b) => this.#compare(a, b)), next: next < HASHES ? next : null };
  }

  #compare(a: number, b: number): number {
    const byHash = (this.hashOf(a) >>> 0) - (this.hashOf(b) >>> 0);
    if (byHash !== 0) return byHash;
    return (this.keys[a] ?? "") < (this.keys[b] ?? "") ? -1 : 1;
  }

  #place(slot: number, hash: number): void {
    let cell = hash >>> this.#shift;
    while (this.#cells[cell] !== 0) cell = (cell + 1) & this.#mask;
    this.#cells[cell] = slot + 1;
  }
}
