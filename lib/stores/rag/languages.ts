import { stemmer as porter } from "@orama/stemmers/english";
import { COMMON, WORDS } from "../../shared/words.ts";

/** How the words of one language stand in the full-text index. */
export interface Language {
  /** ISO 639; `und` for texts whose language is not known. */
  readonly code: string;
  /** Whether every text has the word, so that it tells nothing. @param word in lower case. */
  isCommon(word: string): boolean;
  /** What stands for the word in the index, and finds it there: the word, so that whatever is asked in another language finds it, and its stem. */
  tokens(word: string): readonly string[];
}

/** Code points for private use: FTS5 takes them for letters, no text's word has them, and Porter leaves alone what ends in one. */
const EXACT = "\uE000";
const COMMON_MARK = "\uE001";
const MAX_LENGTH = 64;
/** The library's longer lists are not Snowball's and hold words that tell something (Spanish "trabajo"): only their short ones count. */
const LONG_LIST = 300;
const SHORT_WORD = 5;

interface Source {
  stems(): Promise<{ stemmer: (word: string) => string }>;
  common(): Promise<{ stopwords: string[] }>;
}

const SOURCES: Readonly<Record<string, Source>> = {
  ar: { stems: () => import("@orama/stemmers/arabic"), common: () => import("@orama/stopwords/arabic") },
  bg: { stems: () => import("@orama/stemmers/bulgarian"), common: () => import("@orama/stopwords/bulgarian") },
  da: { stems: () => import("@orama/stemmers/danish"), common: () => import("@orama/stopwords/danish") },
  de: { stems: () => import("@orama/stemmers/german"), common: () => import("@orama/stopwords/german") },
  el: { stems: () => import("@orama/stemmers/greek"), common: () => import("@orama/stopwords/greek") },
  en: { stems: () => import("@orama/stemmers/english"), common: () => import("@orama/stopwords/english") },
  es: { stems: () => import("@orama/stemmers/spanish"), common: () => import("@orama/stopwords/spanish") },
  fi: { stems: () => import("@orama/stemmers/finnish"), common: () => import("@orama/stopwords/finnish") },
  fr: { stems: () => import("@orama/stemmers/french"), common: () => import("@orama/stopwords/french") },
  ga: { stems: () => import("@orama/stemmers/irish"), common: () => import("@orama/stopwords/irish") },
  hi: { stems: () => import("@orama/stemmers/indian"), common: () => import("@orama/stopwords/indian") },
  hu: { stems: () => import("@orama/stemmers/hungarian"), common: () => import("@orama/stopwords/hungarian") },
  hy: { stems: () => import("@orama/stemmers/armenian"), common: () => import("@orama/stopwords/armenian") },
  id: { stems: () => import("@orama/stemmers/indonesian"), common: () => import("@orama/stopwords/indonesian") },
  it: { stems: () => import("@orama/stemmers/italian"), common: () => import("@orama/stopwords/italian") },
  lt: { stems: () => import("@orama/stemmers/lithuanian"), common: () => import("@orama/stopwords/lithuanian") },
  ne: { stems: () => import("@orama/stemmers/nepali"), common: () => import("@orama/stopwords/nepali") },
  nl: { stems: () => import("@orama/stemmers/dutch"), common: () => import("@orama/stopwords/dutch") },
  no: { stems: () => import("@orama/stemmers/norwegian"), common: () => import("@orama/stopwords/norwegian") },
  pt: { stems: () => import("@orama/stemmers/portuguese"), common: () => import("@orama/stopwords/portuguese") },
  ro: { stems: () => import("@orama/stemmers/romanian"), common: () => import("@orama/stopwords/romanian") },
  ru: { stems: () => import("@orama/stemmers/russian"), common: () => import("@orama/stopwords/russian") },
  sr: { stems: () => import("@orama/stemmers/serbian"), common: () => import("@orama/stopwords/serbian") },
  sv: { stems: () => import("@orama/stemmers/swedish"), common: () => import("@orama/stopwords/swedish") },
  ta: { stems: () => import("@orama/stemmers/tamil"), common: () => import("@orama/stopwords/tamil") },
  tr: { stems: () => import("@orama/stemmers/turkish"), common: () => import("@orama/stopwords/turkish") },
  uk: { stems: () => import("@orama/stemmers/ukrainian"), common: () => import("@orama/stopwords/ukrainian") },
};

/** Languages with stems and a list of common words. */
export const LANGUAGES: readonly string[] = Object.keys(SOURCES);

/** Words as they stand: the index itself stems such words (Porter), and texts of earlier versions are indexed so, whatever their language. */
export const ENGLISH: Language = {
  code: "en",
  isCommon: (word) => COMMON.has(word),
  tokens: (word) => [word.toLowerCase().slice(0, MAX_LENGTH)],
};

/** No stems of its own and no common words. As it stands comes first; what the index makes of it (Porter) finds short English texts too. */
export const UNKNOWN: Language = {
  code: "und",
  isCommon: () => false,
  tokens(word) {
    const lower = word.toLowerCase().slice(0, MAX_LENGTH);
    const plain = fold(lower);
    return porter(plain) === plain ? [lower] : [plain, `${plain}${EXACT}`];
  },
};

const loaded = new Map<string, Promise<Language>>();

/** @param code one that `languageCode` gave, or a detected one. What has no stems is as good as unknown. */
export function loadLanguage(code: string): Promise<Language> {
  const source = SOURCES[code];
  if (code === ENGLISH.code) return Promise.resolve(ENGLISH);
  if (source === undefined) return Promise.resolve(UNKNOWN);
  const known = loaded.get(code);
  if (known !== undefined) return known;
  const loading = load(code, source);
  loaded.set(code, loading);
  // What failed once, for want of a file handle say, is tried again.
  loading.catch(() => loaded.delete(code));
  return loading;
}

/** The code that a BCP 47 tag stands for (`de-AT`, `deu`: `de`; without stems here: `und`); null where it names no language. */
export function languageCode(tag: string | null): string | null {
  const language = tag === null ? null : subtag(tag);
  if (language === null || language === "und" || language === "mul" || language.length > 3) return null;
  if (language === "nb" || language === "nn") return "no";
  return language in SOURCES ? language : UNKNOWN.code;
}

function subtag(tag: string): string | null {
  try {
    // Of "und" newer versions of V8 give none.
    return new Intl.Locale(tag.trim().replaceAll("_", "-")).language ?? null;
  } catch {
    return null;
  }
}

async function load(code: string, source: Source): Promise<Language> {
  const [{ stemmer }, common] = await Promise.all([source.stems(), loadCommon(code)]);
  const isCommon = (word: string) => common.has(code === "el" ? fold(word).replaceAll("ς", "σ") : word);
  return {
    code,
    isCommon,
    tokens(word) {
      const lower = word.toLocaleLowerCase(code).slice(0, MAX_LENGTH);
      const plain = fold(lower);
      if (isCommon(lower)) return [`${plain}${COMMON_MARK}`];
      const stems = spellings(lower, code).map((spelling) => exact(fold(stemmer(spelling))));
      // What the index makes of the word itself is not written twice.
      return [...new Set([lower, ...stems.filter((stem) => lower !== plain || stem !== porter(plain))])];
    },
  };
}

/** The words that are in every text of a language. */
export async function loadCommon(code: string): Promise<ReadonlySet<string>> {
  const { stopwords } = (await SOURCES[code]?.common()) ?? { stopwords: [] };
  const words = stopwords.flatMap((entry) => entry.normalize("NFKC").toLowerCase().match(WORDS) ?? []);
  return new Set(stopwords.length > LONG_LIST ? words.filter((word) => word.length <= SHORT_WORD) : words);
}

/** With accents, which its stems depend on, and without; "Mueller" is "Müller" too. */
function spellings(word: string, code: string): string[] {
  const plain = fold(word);
  const spelt = plain === word ? [word] : [word, plain];
  if (code === "de" && /[aou]e/.test(word)) spelt.push(word.replace(/(?<![aeq])ue|ae|oe/g, umlaut));
  return spelt;
}

const UMLAUTS: Readonly<Record<string, string>> = { ae: "ä", oe: "ö", ue: "ü" };
const umlaut = (pair: string): string => UMLAUTS[pair] ?? pair;

/** Without accents, of which people leave out some; and one word for FTS5, to which most marks are gaps between words. */
function fold(word: string): string {
  if (/^[\0-\x7f]*$/.test(word)) return word;
  return word.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("ı", "i").normalize("NFC");
}

/** What the index's own stemming, which is for English, would change is kept from it. */
function exact(token: string): string {
  return porter(token) === token ? token : `${token}${EXACT}`;
}
