import { randomFillSync, randomInt } from "node:crypto";
import { grown } from "../core/grown.ts";

const ID_BYTES = 32;
const ID_LENGTH = 43;
const ZERO_DIGIT_CODE = "A".charCodeAt(0);
const EMPTY = -1;

/** What each character stands for; 64 marks one that is none of base64url's. */
const NO_DIGIT = 64;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, character] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].entries())
  DIGITS[character.charCodeAt(0)] = value;

/**
 * Reads an id into `bytes`: 32 bytes as base64url, 43 characters, of which the last has four bits only. False for any other
 * spelling: it is nobody's id. A tenth of what the pattern and Buffer's decoder take together, and a look-up
 * that finds its session in memory does little else.
 */
function decodeId(id: string, bytes: Uint8Array): boolean {
  if (id.length !== ID_LENGTH) return false;
  let codes = 0;
  let digits = 0;
  let to = 0;
  for (let at = 0; at < ID_LENGTH; at += 4) {
    const codeA = id.charCodeAt(at);
    const codeB = id.charCodeAt(at + 1);
    const codeC = id.charCodeAt(at + 2);
    // The last group has three characters: the missing fourth reads as a zero.
    const codeD = at + 3 < ID_LENGTH ? id.charCodeAt(at + 3) : ZERO_DIGIT_CODE;
    codes |= codeA | codeB | codeC | codeD;
    const a = DIGITS[codeA & 127] ?? NO_DIGIT;
    const b = DIGITS[codeB & 127] ?? NO_DIGIT;
    const c = DIGITS[codeC & 127] ?? NO_DIGIT;
    const d = DIGITS[codeD & 127] ?? NO_DIGIT;
    digits |= a | b | c | d;
    bytes[to++] = (a << 2) | (b >>> 4);
    bytes[to++] = (b << 4) | (c >>> 2);
    const low = ((c << 6) | d) & 255;
    // Past the end a typed array takes nothing; what the last group has left must be zero.
    if (to < ID_BYTES) bytes[to++] = low;
    else if (low !== 0) return false;
  }
  return codes < 128 && digits < NO_DIGIT;
}

const scratch = new Uint8Array(ID_BYTES);

export function isSessionId(text: string): boolean {
  return decodeId(text, scratch);
}

export function newSessionId(): string {
  return randomFillSync(Buffer.allocUnsafe(ID_BYTES)).toString("base64url");
}

/**
 * From session ids (256 random bits) to slots: open addressing with linear probing over typed arrays, and the ids beside it
 * in binary, 40–48 bytes a slot where a `Map` of strings takes 170. Ids are random, or hashes of what a caller chose. Such a
 * caller may look for hashes that begin alike, so where an id falls depends on two numbers that this process alone knows.
 */
export class IdIndex {
  #ids: Uint32Array;
  /** Slots by hash, at most half full. */
  #table: Int32Array;
  #mask: number;
  /** Keeps as many of a place's upper bits as the table has. */
  #shift: number;
  readonly #probe = new Uint8Array(ID_BYTES);
  readonly #words = new Uint32Array(this.#probe.buffer);

  constructor(capacity: number) {
    this.#ids = new Uint32Array(capacity * 8);
    this.#table = new Int32Array(tableLength(capacity)).fill(EMPTY);
    this.#mask = this.#table.length - 1;
    this.#shift = Math.clz32(this.#mask);
  }

  static bytesFor(capacity: number): number {
    return capacity * ID_BYTES + tableLength(capacity) * 4;
  }

  /** The slot of `id`, or -1. */
  find(id: string): number {
    if (!decodeId(id, this.#probe)) return EMPTY;
    const words = this.#words;
    for (let at = place(words[0] ?? 0, words[1] ?? 0) >>> this.#shift; ; at = (at + 1) & this.#mask) {
      const slot = this.#table[at] ?? EMPTY;
      if (slot === EMPTY || this.#isProbe(slot)) return slot;
    }
  }

  add(id: string, slot: number): void {
    if (!decodeId(id, this.#probe)) throw new RangeError("a session was given an id that is none");
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
    this.#ids = grown(this.#ids, capacity * 8);
    this.#table = new Int32Array(tableLength(capacity)).fill(EMPTY);
    this.#mask = this.#table.length - 1;
    this.#shift = Math.clz32(this.#mask);
    for (const slot of slots) this.#insert(slot);
  }

  #insert(slot: number): void {
    let at = this.#home(slot);
    while (this.#table[at] !== EMPTY) at = (at + 1) & this.#mask;
    this.#table[at] = slot;
  }

  #home(slot: number): number {
    return place(this.#ids[slot * 8] ?? 0, this.#ids[slot * 8 + 1] ?? 0) >>> this.#shift;
  }

  #isProbe(slot: number): boolean {
    for (let word = 0; word < 8; word++) if (this.#ids[slot * 8 + word] !== this.#words[word]) return false;
    return true;
  }
}

const FIRST_FACTOR = randomInt(2 ** 31) * 2 + 1;
const SECOND_FACTOR = randomInt(2 ** 31) * 2 + 1;

/** The upper bits of a product depend on all bits of its factors. */
function place(first: number, second: number): number {
  return Math.imul(first, FIRST_FACTOR) + Math.imul(second, SECOND_FACTOR);
}

function tableLength(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, capacity * 2)));
}
