import { WORDS } from "../../shared/words.ts";
import { ENGLISH, LANGUAGES, loadCommon } from "./languages.ts";

/** The language of a text; null where it does not show. @param held what unclear texts may be in: the languages of those around. */
export type Detect = (text: string, held: readonly string[]) => string | null;

const SAMPLE = 1_000;
/**
 * Every running text is full of common words: at least two different ones, a fifth of all words (outside Latin letters, where few
 * languages share a script, an eighth), and clearly more than in any other language.
 */
const MIN_DIFFERENT = 2;
const MIN_SHARE = 0.2;
const MIN_SHARE_ELSEWHERE = 0.12;
const MAX_RUNNER_UP = 0.7;
const LATIN = /^\p{Script=Latin}/u;

let detector: Promise<Detect> | null = null;

export function loadDetector(): Promise<Detect> {
  if (detector === null) {
    detector = load();
    detector.catch(() => {
      detector = null;
    });
  }
  return detector;
}

async function load(): Promise<Detect> {
  const languagesOf = await loadCommonWords();
  return (text, held) => {
    const found = count(text, languagesOf);
    const [best = 0, next = 0] = found.order;
    const share = found.latin * 2 > found.words ? MIN_SHARE : MIN_SHARE_ELSEWHERE;
    const isClear =
      (found.different[best] ?? 0) >= MIN_DIFFERENT &&
      (found.hits[best] ?? 0) >= found.words * share &&
      (found.weights[next] ?? 0) <= (found.weights[best] ?? 0) * MAX_RUNNER_UP;
    return isClear ? (LANGUAGES[best] ?? null) : ofSurroundings(text, held, found.different);
  };
}

/** By word the places in `LANGUAGES` of those that it is common in. */
async function loadCommonWords(): Promise<ReadonlyMap<string, readonly number[]>> {
  const lists = await Promise.all(LANGUAGES.map(loadCommon));
  const languagesOf = new Map<string, readonly number[]>();
  for (const [at, list] of lists.entries())
    for (const word of list) languagesOf.set(word, [...(languagesOf.get(word) ?? []), at]);
  return languagesOf;
}

interface Count {
  words: number;
  /** Words in Latin letters. */
  latin: number;
  /** Common words of each language. */
  hits: Float64Array;
  different: Float64Array;
  /** A word that several languages share tells less. */
  weights: Float64Array;
  /** Languages, that with the most weight first. */
  order: number[];
}

function count(text: string, languagesOf: ReadonlyMap<string, readonly number[]>): Count {
  const zeros = () => new Float64Array(LANGUAGES.length);
  const [hits, different, weights] = [zeros(), zeros(), zeros()];
  const words = text.slice(0, SAMPLE).normalize("NFKC").toLowerCase().match(WORDS) ?? [];
  const seen = new Set<string>();
  let latin = 0;
  for (const word of words) {
    if (LATIN.test(word)) latin++;
    const languages = languagesOf.get(word) ?? [];
    for (const at of languages) {
      hits[at] = (hits[at] ?? 0) + 1;
      weights[at] = (weights[at] ?? 0) + 1 / languages.length;
      if (!seen.has(word)) different[at] = (different[at] ?? 0) + 1;
    }
    seen.add(word);
  }
  const order = LANGUAGES.map((_, at) => at).sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0));
  return { words: words.length, latin, hits, different, weights, order };
}

/** A short text among English ones is English while nothing speaks against it; otherwise what all around it are in, where that is one language. */
function ofSurroundings(text: string, held: readonly string[], different: Float64Array): string | null {
  const speaksAgainst = (code: string) => {
    const own = different[LANGUAGES.indexOf(code)] ?? 0;
    return different.some((other) => other > own);
  };
  const isAscii = /^[\0-\x7f]*$/.test(
    text
      .slice(0, SAMPLE)
      .normalize("NFKC")
      .replace(/[\p{P}\p{S}\p{Z}\p{M}\p{Cf}]/gu, ""),
  );
  if (held.includes(ENGLISH.code) && isAscii && !speaksAgainst(ENGLISH.code)) return ENGLISH.code;
  const [only, another] = held.filter((code) => LANGUAGES.includes(code));
  return only === undefined || another !== undefined || only === ENGLISH.code || speaksAgainst(only) ? null : only;
}
