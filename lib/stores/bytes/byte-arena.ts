import type { MemoryAccount } from "../../ports/memory-account.ts";
import { KIB, MIB } from "../../shared/bytes.ts";
import { HandleTable } from "./handle-table.ts";
import { blockBytes, Slab } from "./slab.ts";

export interface ArenaOptions {
  /** A slab's largest size. A larger payload gets a slab of its own. */
  slabBytes?: number;
  /** Slabs grow and shrink by this much (four times as much from eight steps on): a multiple of the system's page. */
  stepBytes?: number;
}

/**
 * Bytes kept off the heap, by handle. Payloads are appended to slabs of up to 1 MiB; a freed one leaves garbage, and as soon as an
 * eighth of all is garbage, the slab with the most of it is slid together and gives its pages back (a log-structured allocator with
 * compaction in place; see Rumble, Kejriwal and Ousterhout, FAST 2014). Nothing is scattered over the heap, so what is freed
 * returns to the system, and `reservedBytes` (slabs committed and the handle table) is what the process really holds.
 *
 * Every byte is taken from the account before it is committed: `put` returns null when it is refused and changes nothing.
 */
export class ByteArena {
  readonly #account: MemoryAccount;
  readonly #slabBytes: number;
  readonly #stepBytes: number;
  readonly #table: HandleTable;
  readonly #slabs: (Slab | undefined)[] = [];
  #open = -1;
  #committedBytes = 0;
  #liveBytes = 0;

  constructor(account: MemoryAccount, options: ArenaOptions = {}) {
    this.#account = account;
    this.#slabBytes = options.slabBytes ?? MIB;
    this.#stepBytes = options.stepBytes ?? 16 * KIB;
    this.#table = new HandleTable(account);
  }

  /** Committed slabs and the handle table: what the account was charged. */
  get reservedBytes(): number {
    return this.#committedBytes + this.#table.bytes;
  }

  /** Blocks that are alive, headers included. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  get entries(): number {
    return this.#table.used;
  }

  /** Copies `payload` in and returns its handle, or null when the account refuses the memory. O(payload), amortised. */
  put(payload: Uint8Array): number | null {
    const handle = this.#table.take();
    if (handle === null) return null;
    const at = this.#roomFor(blockBytes(payload.length));
    const slab = this.#slabs[at];
    if (!slab) {
      this.#table.release(handle);
      return null;
    }
    this.#table.place(handle, at, slab.append(handle, payload), payload.length);
    this.#liveBytes += blockBytes(payload.length);
    return handle;
  }

  /**
   * The payload where it lies. Valid only until the caller's next call of `put`, `free` or `compact`, so never across an
   * `await`: the pages behind it may move or be given back. What outlives that needs `copy`.
   */
  view(handle: number): Uint8Array {
    return this.#slabOf(handle).view(this.#table.offset(handle), this.#table.length(handle));
  }

  /** The payload, copied exactly. */
  copy(handle: number): Buffer {
    const view = this.view(handle);
    const copy = Buffer.allocUnsafeSlow(view.length);
    copy.set(view);
    return copy;
  }

  /** The payload's length in bytes. */
  sizeOf(handle: number): number {
    return this.#table.length(handle);
  }

  free(handle: number): void {
    const slab = this.#slabOf(handle);
    const at = this.#table.slab(handle);
    const bytes = this.#table.length(handle);
    slab.drop(bytes);
    this.#liveBytes -= blockBytes(bytes);
    this.#table.release(handle);
    if (slab.liveBytes === 0) this.#retire(at, slab);
    else if (this.#committedBytes - this.#liveBytes > this.#slackBytes()) this.compact();
  }

  /** What may stand empty: with an eighth of it, a byte that is freed costs seven that are moved at most. */
  #slackBytes(): number {
    return Math.max(this.#slabBytes / 4, this.#committedBytes / 8);
  }

  /** What `compact()` would give back now if it were called until it returns 0. */
  reclaimableBytes(): number {
    let bytes = 0;
    for (const slab of this.#slabs) if (slab) bytes += slab.committedBytes - this.#rounded(slab.liveBytes);
    return bytes;
  }

  /** Slides the slab with the most to give together and returns the bytes given back; 0 when there is no more. ≤ 1 ms a call. */
  compact(): number {
    let best = -1;
    let most = 0;
    this.#slabs.forEach((slab, at) => {
      const gain = slab ? slab.committedBytes - this.#rounded(slab.liveBytes) : 0;
      if (gain > most) [best, most] = [at, gain];
    });
    const slab = this.#slabs[best];
    if (!slab) return 0;
    this.#slide(best, slab);
    this.#shrink(slab);
    return most;
  }

  #slabOf(handle: number): Slab {
    const slab = this.#slabs[this.#table.slab(handle)];
    if (!slab) throw new RangeError(`no payload has the handle ${handle}`);
    return slab;
  }

  /** Committing costs about 40 µs whatever its size, so that a slab which has shown that it fills takes longer steps. */
  #rounded(bytes: number): number {
    const step = bytes > 8 * this.#stepBytes ? 4 * this.#stepBytes : this.#stepBytes;
    return Math.ceil(bytes / step) * step;
  }

  /** The slab that can take a block of `bytes` now, or -1. */
  #roomFor(bytes: number): number {
    if (bytes > this.#slabBytes) return this.#create(bytes);
    if (this.#extend(this.#open, bytes)) return this.#open;
    const roomy = this.#roomiest(Math.max(bytes, this.#slabBytes / 4));
    if (roomy >= 0 && this.#reopen(roomy, bytes)) return roomy;
    const created = this.#create(bytes);
    if (created >= 0) {
      this.#open = created;
      return created;
    }
    return this.#squeeze(bytes);
  }

  /** Grows the slab until `bytes` more fit, if the account agrees. */
  #extend(at: number, bytes: number): boolean {
    const slab = this.#slabs[at];
    if (!slab || slab.usedBytes + bytes > slab.maxBytes) return false;
    const wanted = Math.min(this.#rounded(slab.usedBytes + bytes), slab.maxBytes);
    const more = wanted - slab.committedBytes;
    if (more <= 0) return true;
    if (!this.#account.tryReserve(more)) return false;
    slab.commit(wanted);
    this.#committedBytes += more;
    return true;
  }

  #create(bytes: number): number {
    const slab = new Slab(Math.max(this.#slabBytes, this.#rounded(bytes)));
    const free = this.#slabs.indexOf(undefined);
    const at = free < 0 ? this.#slabs.length : free;
    this.#slabs[at] = slab;
    if (this.#extend(at, bytes)) return at;
    this.#slabs[at] = undefined;
    return -1;
  }

  /** The ordinary slab with the most room, counting its garbage, if that is at least `bytes`. */
  #roomiest(bytes: number): number {
    let best = -1;
    let most = bytes - 1;
    this.#slabs.forEach((slab, at) => {
      const room = slab && slab.maxBytes === this.#slabBytes ? slab.maxBytes - slab.liveBytes : 0;
      if (room > most) [best, most] = [at, room];
    });
    return best;
  }

  #reopen(at: number, bytes: number): boolean {
    const slab = this.#slabs[at];
    if (!slab) return false;
    if (slab.garbageBytes > 0) this.#slide(at, slab);
    if (!this.#extend(at, bytes)) return false;
    this.#open = at;
    return true;
  }

  /**
   * No more memory is to be had: make room among what is held. A slab is worth sliding from a sixteenth of the arena in
   * garbage (at most 64 KiB), so that a full store pays for it once in many puts.
   */
  #squeeze(bytes: number): number {
    const worthwhile = Math.max(bytes, Math.min(64 * KIB, this.#committedBytes / 16));
    for (let at = 0; at < this.#slabs.length; at++) {
      const slab = this.#slabs[at];
      if (!slab || slab.maxBytes !== this.#slabBytes || slab.committedBytes - slab.liveBytes < worthwhile) continue;
      if (this.#reopen(at, bytes)) return at;
    }
    return -1;
  }

  #slide(at: number, slab: Slab): void {
    const table = this.#table;
    slab.slide(
      (handle, offset) => table.isAt(handle, at, offset),
      (handle, offset) => table.move(handle, offset),
    );
  }

  #shrink(slab: Slab): void {
    const wanted = this.#rounded(slab.usedBytes);
    const less = slab.committedBytes - wanted;
    if (less <= 0) return;
    slab.commit(wanted);
    this.#committedBytes -= less;
    this.#account.release(less);
  }

  #retire(at: number, slab: Slab): void {
    slab.usedBytes = 0;
    this.#shrink(slab);
    this.#slabs[at] = undefined;
    if (this.#open === at) this.#open = -1;
  }
}
