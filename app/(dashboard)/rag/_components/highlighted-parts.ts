import { tellingWords, UNSPACED, WORDS } from "../../../../lib/shared/words.ts";

export interface HighlightedPart {
  /** Where the part begins in the text. */
  start: number;
  part: string;
  isHighlighted: boolean;
}

/** Shorter words are lit only where they stand whole, so that "a" does not light up every word with an a. */
const STEM_LENGTH = 4;

type Range = readonly [from: number, to: number];

/** Cuts a text where telling words of the question begin and end; joined again, the parts are the text. */
export function highlightedParts(text: string, question: string): HighlightedPart[] {
  const parts: HighlightedPart[] = [];
  let reached = 0;
  const cut = (to: number, isHighlighted: boolean) => {
    if (to > reached) parts.push({ start: reached, part: text.slice(reached, to), isHighlighted });
    reached = to;
  };
  for (const [from, to] of litRanges(text, question)) {
    cut(from, false);
    cut(to, true);
  }
  cut(text.length, false);
  return parts;
}

function* litRanges(text: string, question: string): Generator<Range> {
  const asked = [...question.matchAll(WORDS)].map(([word]) => word.toLowerCase());
  const stems = new Set(tellingWords(asked.filter((word) => !UNSPACED.test(word))).map(stem));
  const pairs = new Set(asked.filter((word) => UNSPACED.test(word)).flatMap((word) => pairsOf([...word])));
  for (const { 0: word, index } of text.matchAll(WORDS)) {
    if (UNSPACED.test(word)) yield* pairRanges(word, index, pairs);
    else if (stems.has(stem(word))) yield [index, index + word.length];
  }
}

/** Where neighbouring characters stand together as they do in the question. */
function* pairRanges(word: string, index: number, pairs: ReadonlySet<string>): Generator<Range> {
  const characters = [...word.toLowerCase()];
  let at = index;
  let open: [from: number, to: number] | null = null;
  for (const [place, pair] of pairsOf(characters).entries()) {
    const first = characters[place]?.length ?? 0;
    if (pairs.has(pair)) open = [open?.[0] ?? at, at + pair.length];
    else if (open !== null && open[1] <= at + first) {
      yield open;
      open = null;
    }
    at += first;
  }
  if (open !== null) yield open;
}

function pairsOf(characters: readonly string[]): string[] {
  if (characters.length === 1) return [...characters];
  return characters.slice(1).map((character, at) => `${characters[at]}${character}`);
}

/** Near enough to the index's stemming for the eye: case, accents and the usual English endings do not count. */
function stem(word: string): string {
  const plain = word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const cut = plain.replace(/(?:ing|ed|es|s)$/u, "");
  return cut.length >= STEM_LENGTH ? cut : plain;
}
