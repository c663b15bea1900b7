import { UNSPACED, WORDS } from "../../shared/words.ts";
import { loadDetector } from "./detect-language.ts";
import { ENGLISH, type Language, loadLanguage } from "./languages.ts";

const MAX_WORDS = 64;
/** Of all languages together. */
const MAX_TERMS = 512;
const UNSPACED_CHARACTERS = new RegExp(UNSPACED.source, "gu");

/**
 * An FTS5 expression that matches texts with any of the question's words as the namespace's languages have them, each quoted so that
 * nothing in a question is syntax; null when it has none. At most 64 words and 512 terms count.
 *
 * @param held codes of the languages that the namespace's texts are in.
 */
export async function keywordExpression(question: string, held: readonly string[]): Promise<string | null> {
  const codes = held.length === 0 ? [ENGLISH.code] : held;
  const languages = [...new Set(await Promise.all(codes.map(loadLanguage)))];
  const isEnglish = languages.every((language) => language === ENGLISH);
  const asked = isEnglish ? null : (await loadDetector())(question, []);
  return expression(question, languages, asked === null ? null : await loadLanguage(asked));
}

function expression(question: string, languages: readonly Language[], asked: Language | null): string | null {
  const { words, pairs } = wordsAsked(question);
  // BM25 gives common words next to no weight: they only cost time. Which they are depends on the language of the text, and of the question.
  const telling = languages.map((language) =>
    words.filter((word) => !language.isCommon(word.toLowerCase()) && !asked?.isCommon(word.toLowerCase())),
  );
  const isNothingTelling = pairs.length === 0 && telling.every(({ length }) => length === 0);
  const chosenWords = languages.map((language, at) => {
    const own = telling[at] ?? [];
    const isAll = own.length === 0 && (isNothingTelling || (language === asked && pairs.length === 0));
    return isAll ? words : own;
  });
  const terms = new Set(pairs.slice(0, MAX_WORDS));
  // Word by word: where terms run out, each language has the question's first words.
  for (let place = 0; place < MAX_WORDS && terms.size < MAX_TERMS; place++)
    for (const [at, language] of languages.entries()) {
      const word = chosenWords[at]?.[place];
      for (const token of word === undefined ? [] : language.tokens(word)) terms.add(token);
    }
  const chosen = [...terms].slice(0, MAX_TERMS);
  return chosen.length === 0 ? null : chosen.map((term) => `"${term}"`).join(" OR ");
}

/** Different words, and pairs of neighbouring characters of scripts without spaces. */
function wordsAsked(question: string): { words: string[]; pairs: string[] } {
  const words = new Map<string, string>();
  const pairs = new Set<string>();
  for (const [word] of question.normalize("NFKC").matchAll(WORDS)) {
    if (UNSPACED.test(word)) for (const pair of characterPairs(word.toLowerCase())) pairs.add(pair);
    else if (!words.has(word.toLowerCase())) words.set(word.toLowerCase(), word);
    if (words.size + pairs.size > MAX_WORDS * 4) break;
  }
  return { words: [...words.values()], pairs: [...pairs] };
}

/** `你好吗` → `你 好`, `好 吗`: phrases of two neighbouring characters. */
function characterPairs(word: string): string[] {
  const characters = [...word];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, at) => `${characters[at]} ${character}`);
}

/** Characters of unspaced scripts stand apart in the index. */
export function spaced(text: string): string {
  return UNSPACED.test(text) ? text.replace(UNSPACED_CHARACTERS, " $& ") : text;
}
