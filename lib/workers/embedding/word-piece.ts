import { bertWords } from "../../shared/bert-words.ts";

/** Longer words are split like others, and not remembered. */
const LONGEST_REMEMBERED = 100;
const MAX_REMEMBERED_WORDS = 20_000;

export interface TokenIds {
  unknown: number;
  classify: number;
  separate: number;
}

/**
 * BERT's uncased WordPiece: clean, strip accents, lower the case, split at spaces, punctuation and CJK
 * ideographs, then match the longest known piece from the left. BERT's own calls a word of over 100 letters unknown, so that it
 * is not read; here it is split like any other.
 *
 * @see Wu et al. 2016, https://arxiv.org/abs/1609.08144, and `tokenization.py` of google-research/bert
 */
export class WordPiece {
  readonly special: TokenIds;
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #remembered = new Map<string, readonly number[]>();
  readonly #longest: number;

  /** @param tokens the vocabulary, a token's id being its place. */
  constructor(tokens: readonly string[]) {
    this.#vocabulary = new Map(tokens.map((token, id) => [token, id]));
    this.#longest = tokens.reduce((most, token) => Math.max(most, token.length), 1);
    this.special = { unknown: this.#id("[UNK]"), classify: this.#id("[CLS]"), separate: this.#id("[SEP]") };
  }

  /** Token ids of `text`, without the markers that a model wants around them. */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const word of bertWords(text)) for (const id of this.#pieces(word)) ids.push(id);
    return ids;
  }

  #pieces(word: string): readonly number[] {
    const known = this.#remembered.get(word);
    if (known !== undefined) return known;
    const pieces = this.#split(word);
    if (word.length > LONGEST_REMEMBERED) return pieces;
    if (this.#remembered.size >= MAX_REMEMBERED_WORDS) this.#remembered.clear();
    this.#remembered.set(word, pieces);
    return pieces;
  }

  #split(word: string): number[] {
    const unknown = [this.special.unknown];
    const pieces: number[] = [];
    for (let start = 0; start < word.length; ) {
      const found = this.#longestPiece(word, start);
      if (found === undefined) return unknown;
      pieces.push(found.id);
      start = found.end;
    }
    return pieces;
  }

  #longestPiece(word: string, start: number): { id: number; end: number } | undefined {
    for (let end = Math.min(word.length, start + this.#longest); end > start; end--) {
      const id = this.#vocabulary.get((start > 0 ? "##" : "") + word.slice(start, end));
      if (id !== undefined) return { id, end };
    }
    return undefined;
  }

  #id(token: string): number {
    const id = this.#vocabulary.get(token);
    if (id === undefined) throw new Error(`The vocabulary has no "${token}".`);
    return id;
  }
}
