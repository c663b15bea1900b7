const WORD_OR_MARK = /[\p{P}$+<=>^`|~\p{Script=Han}]|[^\s\p{P}$+<=>^`|~\p{Script=Han}]+/gu;

/**
 * The words that BERT's uncased tokenizer splits into pieces: control characters and accents gone, letters lower, cut at white
 * space, punctuation and CJK ideographs.
 *
 * @see `tokenization.py` of google-research/bert
 */
export function bertWords(text: string): string[] {
  const cleaned = text
    .replace(/[\p{Cc}\p{Cf}\uFFFD]/gu, (mark) => (/\s/.test(mark) ? " " : ""))
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
  return cleaned.match(WORD_OR_MARK) ?? [];
}
