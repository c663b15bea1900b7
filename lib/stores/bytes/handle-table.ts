import type { MemoryAccount } from "../../ports/memory-account.ts";
import { FreeSlots } from "../core/free-slots.ts";
import { grown } from "../core/grown.ts";

const BYTES_PER_HANDLE = 12;
const FIRST_CAPACITY = 256;
/** Small, since what is claimed and not used yet counts as held. */
const GROWTH = 1.25;
/** A released handle's slab: no slab has this number. */
const NONE = 0xffff_ffff;

/** Where each handle's payload lies, in three typed arrays: 12 bytes a handle, charged before they are allocated. */
export class HandleTable {
  readonly #account: MemoryAccount;
  #slabs = new Uint32Array(0);
  /** For a handle that is free: the next free one. */
  #offsets = new Uint32Array(0);
  #lengths = new Uint32Array(0);
  #free = new FreeSlots(this.#offsets);
  #used = 0;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  get bytes(): number {
    return this.#slabs.length * BYTES_PER_HANDLE;
  }

  get used(): number {
    return this.#used;
  }

  /** A handle that has no place yet, or null when the account refuses a larger table. */
  take(): number | null {
    if (this.#free.isEmpty && !this.#grow()) return null;
    this.#used++;
    return this.#free.take();
  }

  place(handle: number, slab: number, offset: number, length: number): void {
    this.#slabs[handle] = slab;
    this.#offsets[handle] = offset;
    this.#lengths[handle] = length;
  }

  move(handle: number, offset: number): void {
    this.#offsets[handle] = offset;
  }

  isAt(handle: number, slab: number, offset: number): boolean {
    return this.#slabs[handle] === slab && this.#offsets[handle] === offset;
  }

  release(handle: number): void {
    this.#slabs[handle] = NONE;
    this.#free.give(handle);
    this.#used--;
    if (this.#used === 0) this.#reset();
  }

  slab(handle: number): number {
    return this.#slabs[handle] ?? NONE;
  }

  offset(handle: number): number {
    return this.#offsets[handle] ?? 0;
  }

  length(handle: number): number {
    return this.#lengths[handle] ?? 0;
  }

  #grow(): boolean {
    const capacity = Math.max(FIRST_CAPACITY, Math.ceil(this.#slabs.length * GROWTH));
    if (!this.#account.tryReserve((capacity - this.#slabs.length) * BYTES_PER_HANDLE)) return false;
    this.#slabs = grown(this.#slabs, capacity).fill(NONE, this.#slabs.length);
    this.#offsets = grown(this.#offsets, capacity);
    this.#lengths = grown(this.#lengths, capacity);
    this.#free.grow(this.#offsets);
    return true;
  }

  /** An empty table gives everything back: after a purge a store holds what it held at first. */
  #reset(): void {
    this.#account.release(this.bytes);
    this.#slabs = new Uint32Array(0);
    this.#offsets = new Uint32Array(0);
    this.#lengths = new Uint32Array(0);
    this.#free = new FreeSlots(this.#offsets);
  }
}
