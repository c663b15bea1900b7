import { isAscii } from "node:buffer";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import { grown } from "../core/grown.ts";
import { RecencyList } from "../core/recency-list.ts";
import { ByteArena } from "./byte-arena.ts";
import { blockBytes } from "./slab.ts";
import { AS_IT_IS, type Format, ValueCodec } from "./value-codec.ts";

const NO_HANDLE = 0xffff_ffff;
/** In the format's byte: the text is ASCII, and decodes without looking at each byte. */
const ASCII_FLAG = 0x80;

/**
 * Texts by slot number, in a byte arena: as they are when they come, packed when the owner finds them idle.
 * After every call the account has been charged for all that is held.
 */
export class PackedValues {
  /** Side tables, by slot; the owner charges its slots. */
  static readonly BYTES_PER_SLOT = 4 + 4 + 4 + 1 + RecencyList.BYTES_PER_SLOT;
  readonly #arena: ByteArena;
  readonly #codec: ValueCodec;
  #handles: Uint32Array;
  #rawLengths: Uint32Array;
  #formats: Uint8Array;
  /** Grows with each change of a slot: packing looks whether the value is still the one it took. */
  #stamps: Uint32Array;
  /** What has not been packed yet, oldest first. A value that would not shrink is not in it either. */
  readonly #unpacked: RecencyList;
  #rawBytes = 0;
  #unpackedBytes = 0;
  #packedFrom = 0;
  #packedTo = 0;

  constructor(account: MemoryAccount, capacity: number) {
    this.#arena = new ByteArena(account);
    this.#codec = new ValueCodec(account);
    this.#handles = new Uint32Array(capacity).fill(NO_HANDLE);
    this.#rawLengths = new Uint32Array(capacity);
    this.#formats = new Uint8Array(capacity);
    this.#stamps = new Uint32Array(capacity);
    this.#unpacked = new RecencyList(capacity);
  }

  /** What the texts came to as UTF-8. */
  get rawBytes(): number {
    return this.#rawBytes;
  }

  /** Slabs, their table, samples and dictionaries. */
  get reservedBytes(): number {
    return this.#arena.reservedBytes + this.#codec.heldBytes;
  }

  /** The slot whose value has waited longest to be packed, or -1. */
  get oldestUnpacked(): number {
    return this.#unpacked.oldest;
  }

  grow(capacity: number): void {
    this.#handles = grown(this.#handles, capacity).fill(NO_HANDLE, this.#handles.length);
    this.#rawLengths = grown(this.#rawLengths, capacity);
    this.#formats = grown(this.#formats, capacity);
    this.#stamps = grown(this.#stamps, capacity);
    this.#unpacked.grow(capacity);
  }

  /** Keeps `raw` (UTF-8) under `slot`. False when the account refuses: what was there stays. */
  set(slot: number, raw: Uint8Array): boolean {
    const handle = this.#arena.put(raw);
    if (handle === null) return false;
    this.clear(slot);
    this.#handles[slot] = handle;
    this.#rawLengths[slot] = raw.length;
    this.#formats[slot] = AS_IT_IS | (isAscii(raw) ? ASCII_FLAG : 0);
    this.#rawBytes += raw.length;
    this.#unpackedBytes += raw.length;
    this.#unpacked.touch(slot);
    return true;
  }

  /** The length of the text as UTF-8. */
  rawLength(slot: number): number {
    return this.#rawLengths[slot] ?? 0;
  }

  /** What the texts that wait to be packed come to. */
  get unpackedBytes(): number {
    return this.#unpackedBytes;
  }

  /** What the value takes in its slab. */
  storedLength(slot: number): number {
    return blockBytes(this.#arena.sizeOf(this.#handleOf(slot)));
  }

  isPacked(slot: number): boolean {
    return this.#formatOf(slot) !== AS_IT_IS;
  }

  /** The text as UTF-8, where it lies if it is not packed: valid only until the next change, so never across an `await`. */
  bytes(slot: number): Uint8Array {
    const format = this.#formatOf(slot);
    const view = this.#arena.view(this.#handleOf(slot));
    return format === AS_IT_IS ? view : this.#codec.unpack(format, view, this.rawLength(slot));
  }

  /** How the text decodes: ASCII needs no look at each byte. */
  encoding(slot: number): "latin1" | "utf8" {
    return this.#isAscii(slot) ? "latin1" : "utf8";
  }

  clear(slot: number): void {
    const handle = this.#handles[slot] ?? NO_HANDLE;
    if (handle === NO_HANDLE) return;
    this.#stamps[slot] = ((this.#stamps[slot] ?? 0) + 1) >>> 0;
    this.#handles[slot] = NO_HANDLE;
    this.#rawBytes -= this.rawLength(slot);
    this.#leaveUnpacked(slot);
    this.#arena.free(handle);
    this.#codec.release(this.#formatOf(slot));
    this.#formats[slot] = AS_IT_IS;
    if (this.#arena.entries === 0) this.#codec.trim();
  }

  /** Packs the value of `slot` if that pays and it stays the same meanwhile. Returns the bytes it takes less in its slab. */
  async pack(slot: number): Promise<number> {
    if (!this.#unpacked.has(slot)) return 0;
    const stamp = this.#stamps[slot];
    // Taken out at once: another caller must not pack it as well.
    this.#leaveUnpacked(slot);
    const packed = await this.#codec.pack(this.#arena.copy(this.#handleOf(slot)));
    if (!packed) return 0;
    const before = this.#handleOf(slot);
    // The old value goes last: with no memory for both, it stays as it is.
    const handle = this.#stamps[slot] === stamp ? this.#arena.put(packed.bytes) : null;
    if (handle === null) {
      this.#codec.release(packed.format);
      return 0;
    }
    this.#handles[slot] = handle;
    this.#formats[slot] = packed.format | (this.#isAscii(slot) ? ASCII_FLAG : 0);
    this.#arena.free(before);
    this.#packedFrom += this.rawLength(slot);
    this.#packedTo += packed.bytes.length;
    return this.rawLength(slot) - packed.bytes.length;
  }

  /** Sends a value that waits to be packed to the end of the row. */
  postpone(slot: number): void {
    this.#unpacked.touch(slot);
  }

  /** What packing all that waits would save, going by what it saved so far (by two thirds before there is any). */
  packableBytes(): number {
    const saved = this.#packedFrom === 0 ? 2 / 3 : 1 - this.#packedTo / this.#packedFrom;
    return Math.floor(this.#unpackedBytes * saved);
  }

  /** Releases what was put by to learn from; false when there was nothing. */
  shedSamples(): boolean {
    return this.#codec.shedSamples();
  }

  get unpackedItems(): number {
    return this.#unpacked.length;
  }

  reclaimableBytes(): number {
    return this.#arena.reclaimableBytes();
  }

  /** One slab slid together: the bytes given back, 0 when there is nothing more. */
  compact(): number {
    return this.#arena.compact();
  }

  #leaveUnpacked(slot: number): void {
    if (!this.#unpacked.has(slot)) return;
    this.#unpacked.remove(slot);
    this.#unpackedBytes -= this.rawLength(slot);
  }

  #isAscii(slot: number): boolean {
    return ((this.#formats[slot] ?? 0) & ASCII_FLAG) !== 0;
  }

  #formatOf(slot: number): Format {
    return (this.#formats[slot] ?? 0) & ~ASCII_FLAG;
  }

  #handleOf(slot: number): number {
    return this.#handles[slot] ?? NO_HANDLE;
  }
}
