import type { MemoryAccount } from "../../../ports/memory-account.ts";

const SMALLEST = 16;
const BYTES_PER_CELL = 4;

/**
 * Row number → slot, by open addressing with linear probing: 4 bytes a cell, at most 3/4 full, no object per entry.
 * The row numbers themselves stand beside the codes; `rowAt` reads them. Removal shifts back, so there are no tombstones.
 * Expected O(1) for each call.
 */
export class RowIndex {
  readonly #account: MemoryAccount;
  readonly #rowAt: (slot: number) => number;
  /** slot + 1; 0 is empty. */
  #cells = new Int32Array(0);
  #count = 0;

  constructor(account: MemoryAccount, rowAt: (slot: number) => number) {
    this.#account = account;
    this.#rowAt = rowAt;
  }

  get bytes(): number {
    return this.#cells.length * BYTES_PER_CELL;
  }

  /** The slot of `row`, or -1. */
  get(row: number): number {
    return this.#count === 0 ? -1 : (this.#cells[this.#find(row)] ?? 0) - 1;
  }

  /** Makes room for one more entry; false when the account refuses. */
  reserve(): boolean {
    if ((this.#count + 1) * 4 <= this.#cells.length * 3) return true;
    return this.#rebuild(Math.max(SMALLEST, this.#cells.length * 2));
  }

  /** Adds or moves `row`; `reserve` came first, and `rowAt(slot)` is already `row`. */
  set(row: number, slot: number): void {
    const cell = this.#find(row);
    if (this.#cells[cell] === 0) this.#count++;
    this.#cells[cell] = slot + 1;
  }

  /** Removes `row`; call it while `rowAt` still knows the row of every slot. */
  delete(row: number): void {
    const mask = this.#cells.length - 1;
    let hole = this.#find(row);
    if ((this.#cells[hole] ?? 0) === 0) return;
    for (let probe = (hole + 1) & mask; this.#cells[probe] !== 0; probe = (probe + 1) & mask) {
      const home = hash(this.#rowAt((this.#cells[probe] ?? 0) - 1)) & mask;
      // An entry may move into the hole unless its home lies between the two.
      if (((probe - home) & mask) >= ((probe - hole) & mask)) {
        this.#cells[hole] = this.#cells[probe] ?? 0;
        hole = probe;
      }
    }
    this.#cells[hole] = 0;
    this.#count--;
    if (this.#cells.length > SMALLEST && this.#count * 8 < this.#cells.length) this.#rebuild(this.#cells.length / 2);
  }

  clear(): void {
    this.#account.release(this.bytes);
    this.#cells = new Int32Array(0);
    this.#count = 0;
  }

  #find(row: number): number {
    const mask = this.#cells.length - 1;
    let cell = hash(row) & mask;
    for (let held = this.#cells[cell] ?? 0; held !== 0; held = this.#cells[cell] ?? 0) {
      if (this.#rowAt(held - 1) === row) return cell;
      cell = (cell + 1) & mask;
    }
    return cell;
  }

  #rebuild(size: number): boolean {
    if (!this.#account.tryReserve(size * BYTES_PER_CELL)) return false;
    const old = this.#cells;
    this.#cells = new Int32Array(size);
    for (const held of old) {
      if (held !== 0) this.#cells[this.#find(this.#rowAt(held - 1))] = held;
    }
    this.#account.release(old.length * BYTES_PER_CELL);
    return true;
  }
}

/** Mixes all 53 bits: rows come in runs, and multiples of a large power of two must not collide. */
function hash(row: number): number {
  let mixed = Math.imul(row | 0, 0x9e3779b1) ^ Math.imul((row / 4_294_967_296) | 0, 0x85ebca6b);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x2c1b3c6d) ^ (mixed >>> 13);
}
