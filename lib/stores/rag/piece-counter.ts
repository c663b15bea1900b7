import { bertWords } from "../../shared/bert-words.ts";

/** Twice the pieces of BERT's vocabulary (30,522): half a megabyte, where a map of strings takes four. */
const SLOTS = 65_536;
const EMPTY = 0;
const CONTINUED = "##";

/**
 * How many word pieces a text is for an uncased BERT model: what `WordPiece.encode` gives, without the pieces. The vocabulary is held as
 * 53-bit hashes of its tokens, so a count makes no strings.
 */
export class PieceCounter {
  readonly #hashes = new Float64Array(SLOTS);
  #longest = 1;

  /** @param tokens the vocabulary: at most 50,000 tokens. */
  constructor(tokens: Iterable<string>) {
    for (const token of tokens) {
      const hash = new PieceHash("");
      for (let at = 0; at < token.length; at++) hash.add(token.charCodeAt(at));
      this.#insert(hash.value);
      this.#longest = Math.max(this.#longest, token.length);
    }
  }

  count(text: string): number {
    let pieces = 0;
    for (const word of bertWords(text)) pieces += this.#piecesOf(word);
    return pieces;
  }

  /** A word with a letter that no piece has is one piece: unknown. */
  #piecesOf(word: string): number {
    let pieces = 0;
    for (let start = 0; start < word.length; pieces++) {
      const end = this.#longestPiece(word, start);
      if (end === start) return 1;
      start = end;
    }
    return pieces;
  }

  #longestPiece(word: string, start: number): number {
    const hash = new PieceHash(start > 0 ? CONTINUED : "");
    const last = Math.min(word.length, start + this.#longest);
    let found = start;
    for (let at = start; at < last; at++) {
      hash.add(word.charCodeAt(at));
      if (this.#has(hash.value)) found = at + 1;
    }
    return found;
  }

  #insert(value: number): void {
    let slot = value % SLOTS;
    while (this.#hashes[slot] !== EMPTY && this.#hashes[slot] !== value) slot = (slot + 1) % SLOTS;
    this.#hashes[slot] = value;
  }

  #has(value: number): boolean {
    let slot = value % SLOTS;
    while (this.#hashes[slot] !== EMPTY) {
      if (this.#hashes[slot] === value) return true;
      slot = (slot + 1) % SLOTS;
    }
    return false;
  }
}

/** Two 32-bit hashes that grow letter by letter, as one number of 53 bits; never 0. */
class PieceHash {
  #first = 0x811c9dc5;
  #second = 0x9e3779b9;

  constructor(prefix: string) {
    for (let at = 0; at < prefix.length; at++) this.add(prefix.charCodeAt(at));
  }

  add(code: number): void {
    this.#first = Math.imul(this.#first ^ code, 0x01000193);
    this.#second = Math.imul(this.#second ^ code, 0x85ebca6b) ^ (this.#second >>> 13);
  }

  get value(): number {
    return (this.#first >>> 0) * 0x20_0000 + (this.#second >>> 11) + 1;
  }
}
