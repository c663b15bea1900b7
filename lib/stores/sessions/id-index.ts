import { randomFillSync } from "node:crypto";

const ID_BYTES = 32;
const EMPTY = -1;
/** 32 bytes as base64url: 43 characters, of which the last has four bits only. Any other spelling is nobody's id. */
const ID_PATTERN = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

export function isSessionId(text: string): boolean {
  return ID_PATTERN.test(text);
}

export function newSessionId(): string {
  return randomFillSync(Buffer.allocUnsafe(ID_BYTES)).toString("base64url");
}

/**
 * From session ids (256 random bits) to slots: open addressing with linear probing over typed arrays, and the ids beside it
 * in binary, 40–48 bytes a slot where a `Map` of strings takes 170. The ids themselves are the hash: they come from a
 * cryptographic source, and one that a caller makes up is looked for, never put in, so that nobody can choose the chains.
 */
export class IdIndex {
  #ids: Uint32Array;
  /** Slots by hash, at most half full. */
  #table: Int32Array;
  #mask: number;
  readonly #probe = Buffer.alloc(ID_BYTES);
  readonly #words = new Uint32Array(this.#probe.buffer, this.#probe.byteOffset, ID_BYTES / 4);

  constructor(capacity: number) {
    this.#ids = new Uint32Array(capacity * 8);
    this.#table = new Int32Array(tableLength(capacity)).fill(EMPTY);
    this.#mask = this.#table.length - 1;
  }

  static bytesFor(capacity: number): number {
    return capacity * ID_BYTES + tableLength(capacity) * 4;
  }

  /** The slot of `id`, or -1. */
  find(id: string): number {
    if (!isSessionId(id)) return EMPTY;
    this.#probe.write(id, "base64url");
    const words = this.#words;
    for (let at = (words[0] ?? 0) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = this.#table[at] ?? EMPTY;
      if (slot === EMPTY || this.#isProbe(slot)) return slot;
    }
  }

  add(id: string, slot: number): void {
    this.#probe.write(id, "base64url");
    this.#ids.set(this.#words, slot * 8);
    this.#insert(slot);
  }

  idOf(slot: number): string {
    return Buffer.from(this.#ids.buffer, slot * ID_BYTES, ID_BYTES).toString("base64url");
  }

  /** Takes the slot out and closes the gap: what was pushed past it moves back, so no tombstones gather. */
  remove(slot: number): void {
    let gap = this.#home(slot);
    while (this.#table[gap] !== slot) gap = (gap + 1) & this.#mask;
    this.#table[gap] = EMPTY;
    for (let at = (gap + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const other = this.#table[at] ?? EMPTY;
      if (other === EMPTY) return;
      const pushed = (at - this.#home(other)) & this.#mask;
      if (pushed < ((at - gap) & this.#mask)) continue;
      this.#table[gap] = other;
      this.#table[at] = EMPTY;
      gap = at;
    }
  }

  grow(capacity: number): void {
    const slots = this.#table.filter((slot) => slot !== EMPTY);
    const ids = new Uint32Array(capacity * 8);
    ids.set(this.#ids);
    this.#ids = ids;
    this.#table = new Int32Array(tableLength(capacity)).fill(EMPTY);
    this.#mask = this.#table.length - 1;
    for (const slot of slots) this.#insert(slot);
  }

  #insert(slot: number): void {
    let at = this.#home(slot);
    while (this.#table[at] !== EMPTY) at = (at + 1) & this.#mask;
    this.#table[at] = slot;
  }

  #home(slot: number): number {
    return (this.#ids[slot * 8] ?? 0) & this.#mask;
  }

  #isProbe(slot: number): boolean {
    for (let word = 0; word < 8; word++) if (this.#ids[slot * 8 + word] !== this.#words[word]) return false;
    return true;
  }
}

function tableLength(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, capacity * 2)));
}
