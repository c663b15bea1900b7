import { promisify } from "node:util";
import { deflateRaw, inflateRawSync, type ZlibOptions } from "node:zlib";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import { KIB } from "../../shared/bytes.ts";
import { Inflater } from "./inflater.ts";
import { trainDictionary } from "./train-dictionary.ts";

const deflate = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);

/** How a value is packed: 0 as it is, 1 deflated alone, from 2 on deflated with the dictionary of that number. */
export type Format = number;
export const AS_IT_IS: Format = 0;
const ALONE: Format = 1;
const FIRST_DICTIONARY: Format = 2;
/** Formats fit seven bits, so that a store can keep one and a flag in a byte. */
const LAST_DICTIONARY: Format = 127;

const DICTIONARY_BYTES = 8 * KIB;
const SAMPLES_BYTES = 64 * KIB;
const SAMPLE_BYTES = 2 * KIB;
const MOST_DICTIONARIES = 4;
/** A dictionary, and what reads the values that it packed. */
const HELD_BYTES = DICTIONARY_BYTES + Inflater.BYTES;
/** A value has to shrink by an eighth, or reading it is not worth the inflating. */
const WORTHWHILE = 7 / 8;
/** How many values tell how good a dictionary is. */
const JUDGED_VALUES = 256;
/** A dictionary that packs this much worse than it did when new is trained again. */
const WORN_OUT = 1.25;

interface Dictionary {
  format: Format;
  bytes: Buffer;
  inflater: Inflater;
  /** Values that need it to be read. */
  users: number;
  packed: number;
  /** Packed by raw bytes over the first values, and since the last judgement. */
  firstRatio: number;
  rawBytes: number;
  packedBytes: number;
}

/**
 * Packs values with deflate and a dictionary that is trained from those very values. A dictionary has a number, stays as long
 * as a value needs it, and is trained again when what comes no longer looks like what it was trained on: at most four at once.
 * Packing runs in the thread pool (zlib, level 6); unpacking is synchronous, 3–30 µs.
 */
export class ValueCodec {
  readonly #account: MemoryAccount;
  readonly #dictionaries: Dictionary[] = [];
  #samples: Buffer[] | null = null;
  #sampledBytes = 0;
  #wanted = true;
  #next: Format = FIRST_DICTIONARY;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  /** What samples and dictionaries hold, as charged to the account. */
  get heldBytes(): number {
    return (this.#samples ? SAMPLES_BYTES : 0) + this.#dictionaries.length * HELD_BYTES;
  }

  get dictionaries(): number {
    return this.#dictionaries.length;
  }

  /**
   * The value packed, or null where that does not pay. The result counts as in use until the caller says `release(format)`.
   * `raw` must not change meanwhile: hand in a copy, never a view of a slab.
   */
  async pack(raw: Buffer): Promise<{ format: Format; bytes: Buffer } | null> {
    this.#learn(raw);
    const dictionary = this.#dictionaries.at(-1);
    const format = dictionary?.format ?? ALONE;
    // In use already while it packs, so that no other value's release can take the dictionary away.
    if (dictionary) dictionary.users++;
    let kept = false;
    try {
      const bytes = await deflate(raw, { ...options(raw.length, dictionary?.bytes), level: 6 });
      if (dictionary) this.#judge(dictionary, raw.length, bytes.length);
      kept = bytes.length <= raw.length * WORTHWHILE;
      return kept ? { format, bytes } : null;
    } finally {
      if (!kept) this.release(format);
    }
  }

  /** @param rawLength the value's own length, which sizes the output exactly. */
  unpack(format: Format, bytes: Uint8Array, rawLength: number): Buffer {
    if (format >= FIRST_DICTIONARY) return this.#find(format).inflater.inflate(bytes, rawLength);
    // One byte more than comes out: zlib allocates a second chunk when the first is exactly full.
    return inflateRawSync(bytes, { ...options(rawLength, undefined), chunkSize: Math.max(64, rawLength + 1) });
  }

  release(format: Format): void {
    if (format < FIRST_DICTIONARY) return;
    const dictionary = this.#find(format);
    dictionary.users--;
    if (dictionary.users === 0 && dictionary !== this.#dictionaries.at(-1)) this.#forget(dictionary);
  }

  /** Releases what no value needs: of everything, when the store is empty. */
  trim(): void {
    if (this.#dictionaries.some((dictionary) => dictionary.users > 0)) return;
    for (const dictionary of [...this.#dictionaries]) this.#forget(dictionary);
    this.shedSamples();
    this.#wanted = true;
  }

  /** Gives up the samples gathered so far; false when there are none. */
  shedSamples(): boolean {
    if (!this.#samples) return false;
    this.#account.release(SAMPLES_BYTES);
    this.#samples = null;
    this.#sampledBytes = 0;
    return true;
  }

  #find(format: Format): Dictionary {
    const dictionary = this.#dictionaries.find((candidate) => candidate.format === format);
    if (!dictionary) throw new RangeError(`no dictionary has the number ${format}`);
    return dictionary;
  }

  #forget(dictionary: Dictionary): void {
    this.#dictionaries.splice(this.#dictionaries.indexOf(dictionary), 1);
    dictionary.inflater.close();
    this.#account.release(HELD_BYTES);
  }

  #learn(raw: Buffer): void {
    if (!this.#wanted || this.#dictionaries.length === MOST_DICTIONARIES) return;
    if (!this.#samples) {
      if (!this.#account.tryReserve(SAMPLES_BYTES)) return;
      this.#samples = [];
    }
    const sample = raw.subarray(0, Math.min(SAMPLE_BYTES, SAMPLES_BYTES - this.#sampledBytes));
    this.#samples.push(Buffer.from(sample));
    this.#sampledBytes += sample.length;
    if (this.#sampledBytes === SAMPLES_BYTES) this.#train(this.#samples);
  }

  #train(samples: readonly Buffer[]): void {
    const format = this.#next;
    if (this.#dictionaries.some((dictionary) => dictionary.format === format)) return;
    if (!this.#account.tryReserve(HELD_BYTES)) return;
    const bytes = Buffer.from(trainDictionary(samples, DICTIONARY_BYTES));
    const inflater = new Inflater({ dictionary: bytes });
    this.#dictionaries.push({
      format,
      bytes,
      inflater,
      users: 0,
      packed: 0,
      firstRatio: 0,
      rawBytes: 0,
      packedBytes: 0,
    });
    for (const dictionary of this.#dictionaries.slice(0, -1)) if (dictionary.users === 0) this.#forget(dictionary);
    this.#next = format === LAST_DICTIONARY ? FIRST_DICTIONARY : format + 1;
    this.#wanted = false;
    this.shedSamples();
  }

  #judge(dictionary: Dictionary, rawBytes: number, packedBytes: number): void {
    dictionary.packed++;
    dictionary.rawBytes += rawBytes;
    dictionary.packedBytes += packedBytes;
    if (dictionary.packed % JUDGED_VALUES !== 0) return;
    const ratio = dictionary.packedBytes / dictionary.rawBytes;
    if (dictionary.packed === JUDGED_VALUES) dictionary.firstRatio = ratio;
    else if (dictionary === this.#dictionaries.at(-1) && ratio > dictionary.firstRatio * WORN_OUT) this.#wanted = true;
    dictionary.rawBytes = 0;
    dictionary.packedBytes = 0;
  }
}

/** Small values need no 32 KiB window: half of it makes both directions quicker and changes nothing in the result. */
function options(rawLength: number, dictionary: Buffer | undefined): ZlibOptions {
  const windowBits = rawLength + DICTIONARY_BYTES <= 16 * KIB ? 14 : 15;
  return dictionary ? { windowBits, dictionary } : { windowBits };
}
