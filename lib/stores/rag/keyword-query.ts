import { tellingWords, UNSPACED, WORDS } from "../../shared/words.ts";

const MAX_TERMS = 64;
const MAX_TERM_LENGTH = 64;
const UNSPACED_CHARACTERS = new RegExp(UNSPACED.source, "gu");

/** What of a passage goes into the full-text index: itself, with the characters of unspaced scripts set apart. */
export function keywordText(text: string): string {
  return UNSPACED.test(text) ? text.replace(UNSPACED_CHARACTERS, " $& ") : text;
}

/**
 * An FTS5 expression that matches passages with any of the question's words, each quoted so that nothing in a question is
 * syntax; null when it has none. At most 64 words of 64 characters count.
 */
export function keywordExpression(question: string): string | null {
  const terms = new Set<string>();
  for (const [word] of question.normalize("NFKC").toLowerCase().matchAll(WORDS)) {
    for (const term of UNSPACED.test(word) ? characterPairs(word) : [word]) terms.add(term.slice(0, MAX_TERM_LENGTH));
    if (terms.size > MAX_TERMS * 4) break;
  }
  // BM25 gives common words next to no weight: they only cost time.
  const chosen = tellingWords([...terms]).slice(0, MAX_TERMS);
  return chosen.length === 0 ? null : chosen.map((term) => `"${term}"`).join(" OR ");
}

/** `你好吗` → `你 好`, `好 吗`: phrases of two neighbouring characters. */
function characterPairs(word: string): string[] {
  const characters = [...word];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, at) => `${characters[at]} ${character}`);
}
