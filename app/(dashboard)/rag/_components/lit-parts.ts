export interface Lit {
  /** Where the part begins in the text. */
  start: number;
  part: string;
  isLit: boolean;
}

const WORDS = /[\p{L}\p{N}\p{M}]+/gu;
/** Shorter words are lit only where they stand whole, so that "a" does not light up every word with an a. */
const STEM_LENGTH = 4;

/** Cuts a text where words of the question begin and end; joined again, the parts are the text. */
export function litParts(text: string, question: string): Lit[] {
  const wanted = new Set([...question.matchAll(WORDS)].map(([word]) => stem(word)));
  const parts: Lit[] = [];
  let reached = 0;
  for (const match of text.matchAll(WORDS)) {
    if (!wanted.has(stem(match[0]))) continue;
    if (match.index > reached) parts.push({ start: reached, part: text.slice(reached, match.index), isLit: false });
    parts.push({ start: match.index, part: match[0], isLit: true });
    reached = match.index + match[0].length;
  }
  if (reached < text.length) parts.push({ start: reached, part: text.slice(reached), isLit: false });
  return parts;
}

/** Near enough to the index's stemming for the eye: case, accents and the usual English endings do not count. */
function stem(word: string): string {
  const plain = word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const cut = plain.replace(/(?:ing|ed|es|s)$/u, "");
  return cut.length >= STEM_LENGTH ? cut : plain;
}
