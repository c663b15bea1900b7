import { stemmer as porter } from "@orama/stemmers/english";

/** A word of a text as it is indexed. */
export interface Lexeme {
  word: string;
  /** Its places in the text, from 1. */
  places: number[];
}

const WORDS = /[\p{L}\p{N}\p{Co}]+/gu;
const MARKS = /\p{M}+/gu;
/** Longer words are not stemmed, and are cut: Postgres takes 2,046 bytes. */
const LONGEST_STEMMED = 64;
const LONGEST = 250;
/** Of one word: Postgres keeps 255. A later place than this is kept as this. */
const MOST_PLACES = 255;
const LAST_PLACE = 16_383;
/** Postgres takes less than a megabyte for a text: words, and two bytes a place. */
const MOST_BYTES = 700_000;

/** Letters and digits that stand together, in lower case and without accents; English ones as their stems. */
export function wordsOf(text: string): string[] {
  const plain = text.normalize("NFD").replace(MARKS, "").normalize("NFC").toLowerCase();
  return Array.from(plain.matchAll(WORDS), ([word]) => stemOf(word));
}

function stemOf(word: string): string {
  if (word.length <= LONGEST_STEMMED) return /^[a-z]{3,}$/.test(word) ? porter(word) : word;
  return [...word.slice(0, LONGEST)].filter((each) => !/^[\ud800-\udfff]$/.test(each)).join("");
}

/** Words with their places, and how many words the text has. Of a text of hundreds of thousands of different words the first count. */
export function lexemesOf(text: string): { lexemes: Lexeme[]; length: number } {
  const words = wordsOf(text);
  const found = new Map<string, Lexeme>();
  let bytes = 0;
  for (const [at, word] of words.entries()) {
    if (bytes > MOST_BYTES) break;
    const place = Math.min(at + 1, LAST_PLACE);
    const known = found.get(word);
    if (known && known.places.length < MOST_PLACES) known.places.push(place);
    if (!known) found.set(word, { word, places: [place] });
    bytes += known ? 2 : Buffer.byteLength(word) + 24;
  }
  return { lexemes: [...found.values()], length: words.length };
}
