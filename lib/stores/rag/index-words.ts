import { setImmediate } from "node:timers/promises";
import { UNSPACED, WORDS } from "../../shared/words.ts";
import { loadDetector } from "./detect-language.ts";
import { spaced } from "./keyword-query.ts";
import { ENGLISH, type Language, languageCode, loadLanguage, UNKNOWN } from "./languages.ts";

/** Raised when texts are put into the full-text index in another way; `rag/reembed` then writes those of earlier versions again. */
export const WORDS_VERSION = 1;
/** Work of some milliseconds between two turns of the loop, in look-ups of known words; stemming a new one is worth 20. */
const WORK_PER_SLICE = 5_000;
const NEW_WORD = 20;
const PARTS_PER_SLICE = 64;
/** Words that are not stemmed again when they come again, and how long they may be. */
const MAX_KNOWN = 8_192;
const MAX_KNOWN_LENGTH = 64;

export interface IndexedWords {
  /** What goes into the full-text index, by part, as UTF-8; null: the parts as they are. */
  words: readonly Uint8Array[] | null;
  /** Codes of the languages that the parts were taken to be in. */
  languages: readonly string[];
}

/**
 * What stands for the parts of a text in the full-text index. Without a tag each part's language is detected, and a part that tells
 * nothing has the whole text's.
 *
 * @param tag BCP 47
 * @param held codes of the languages that other texts of the namespace are in: what short texts among them may be in.
 */
export async function indexWords(
  text: string,
  parts: readonly { start: number; end: number }[],
  tag: string | null,
  held: readonly string[],
): Promise<IndexedWords> {
  const codes = await codesOf(text, parts, tag, held);
  const languages = [...new Set(codes)];
  const isAsItStands = languages.every((code) => code === ENGLISH.code) && !UNSPACED.test(text);
  if (isAsItStands) return { words: null, languages };
  const writers = new Map<string, Writer>();
  for (const code of languages) writers.set(code, new Writer(await loadLanguage(code)));
  const words: Uint8Array[] = [];
  for (const [at, { start, end }] of parts.entries()) {
    const part = text.slice(start, end);
    words.push(Buffer.from((await writers.get(codes[at] ?? "")?.write(part)) ?? spaced(part)));
  }
  return { words, languages };
}

/** The same of one text that no tag is given with. */
export async function indexMessage(
  text: string,
  held: readonly string[],
): Promise<{ words: string; languages: readonly string[] }> {
  const [code = UNKNOWN.code] = await codesOf(text, [{ start: 0, end: text.length }], null, held);
  return { words: await new Writer(await loadLanguage(code)).write(text), languages: [code] };
}

async function codesOf(
  text: string,
  parts: readonly { start: number; end: number }[],
  tag: string | null,
  held: readonly string[],
): Promise<string[]> {
  const told = languageCode(tag);
  if (told !== null) return parts.map(() => told);
  const detect = await loadDetector();
  const whole = detect(text, held) ?? UNKNOWN.code;
  const codes: string[] = [];
  for (const { start, end } of parts) {
    codes.push(parts.length === 1 ? whole : (detect(text.slice(start, end), []) ?? whole));
    if (codes.length % PARTS_PER_SLICE === 0) await setImmediate();
  }
  return codes;
}

/** Writes texts of one language. */
class Writer {
  readonly #language: Language;
  readonly #known = new Map<string, string>();
  #work = 0;

  constructor(language: Language) {
    this.#language = language;
  }

  async write(text: string): Promise<string> {
    if (this.#language === ENGLISH) return spaced(text);
    const tokens: string[] = [];
    for (const [word] of text.normalize("NFKC").matchAll(WORDS)) {
      tokens.push(this.#tokens(word));
      if (this.#work < WORK_PER_SLICE) continue;
      this.#work = 0;
      await setImmediate();
    }
    return tokens.join(" ");
  }

  #tokens(word: string): string {
    const known = this.#known.get(word);
    this.#work += known === undefined ? NEW_WORD : 1;
    if (known !== undefined) return known;
    const tokens = UNSPACED.test(word) ? spaced(word.toLowerCase()) : this.#language.tokens(word).join(" ");
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    if (word.length <= MAX_KNOWN_LENGTH) this.#known.set(word, tokens);
    return tokens;
  }
}
