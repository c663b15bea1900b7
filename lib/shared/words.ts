/** Letters, digits and marks that stand together. */
export const WORDS = /[\p{L}\p{N}\p{M}]+/gu;

/** Scripts written without spaces: what stands together there is a sentence, and its words are sought by pairs of characters. */
export const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** English ones that every text has. */
export const COMMON: ReadonlySet<string> = new Set(
  "a an and are as at be by did do does for from had has have in is it its of on or that the their there these they this those to was were what when where which who why will with how".split(
    " ",
  ),
);

/** The words that tell something: those that every text has are kept only when nothing else is there. */
export function tellingWords(words: readonly string[]): readonly string[] {
  const telling = words.filter((word) => !COMMON.has(word));
  return telling.length > 0 ? telling : words;
}
