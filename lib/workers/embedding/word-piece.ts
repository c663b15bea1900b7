const MAX_WORD_LENGTH = 100;
const MAX_REMEMBERED_WORDS = 20_000;

export interface TokenIds {
  unknown: number;
  classify: number;
  separate: number;
}

/**
 * BERT's uncased WordPiece: clean, strip accents, lower the case, split at spaces, punctuation and CJK
 * ideographs, then match the longest known piece from the left.
 *
 * @see Wu et al. 2016, https://arxiv.org/abs/1609.08144, and `tokenization.py` of google-research/bert
 */
export class WordPiece {
  readonly special: TokenIds;
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #remembered = new Map<string, readonly number[]>();

  /** @param tokens the vocabulary, a token's id being its place. */
  constructor(tokens: readonly string[]) {
    this.#vocabulary = new Map(tokens.map((token, id) => [token, id]));
    this.special = { unknown: this.#id("[UNK]"), classify: this.#id("[CLS]"), separate: this.#id("[SEP]") };
  }

  /** Token ids of `text`, without the markers that a model wants around them. */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const word of splitWords(text)) for (const id of this.#pieces(word)) ids.push(id);
    return ids;
  }

  #pieces(word: string): readonly number[] {
    const known = this.#remembered.get(word);
    if (known !== undefined) return known;
    const pieces = this.#split(word);
    if (this.#remembered.size >= MAX_REMEMBERED_WORDS) this.#remembered.clear();
    this.#remembered.set(word, pieces);
    return pieces;
  }

  #split(word: string): number[] {
    const unknown = [this.special.unknown];
    if (word.length > MAX_WORD_LENGTH) return unknown;
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
    for (let end = word.length; end > start; end--) {
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

const WORD_OR_MARK = /[\p{P}$+<=>^`|~\p{Script=Han}]|[^\s\p{P}$+<=>^`|~\p{Script=Han}]+/gu;

function splitWords(text: string): string[] {
  const cleaned = text
    .replace(/[\p{Cc}\p{Cf}\uFFFD]/gu, (mark) => (/\s/.test(mark) ? " " : ""))
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
  return cleaned.match(WORD_OR_MARK) ?? [];
}
