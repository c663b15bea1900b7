/** How many tokens a text is for the model, or a bound of that. */
export type CountTokens = (text: string) => number;

/** Where the part of a text from `start` must end, at most at `end`, for the model to read all of it. */
export type ReadableEnd = (text: string, start: number, end: number) => number;

/** A code unit is at most three tokens: a Hangul syllable has three letters, and others three bytes of UTF-8. */
const MOST_TOKENS_PER_UNIT = 3;
/** A run of more tokens than this is cut inside rather than before. */
const LONG_RUN_TOKENS = 32;

/**
 * The longest part that the model reads whole: it ends between two words, or inside what stands together for long (Chinese, codes).
 * It splits no surrogate pair and has one character at least.
 *
 * @param maxTokens what the model reads, without its own marks.
 */
export function readableEnd(maxTokens: number, count: CountTokens): ReadableEnd {
  return (text, start, end) => {
    if ((end - start) * MOST_TOKENS_PER_UNIT <= maxTokens) return end;
    let tokens = 0;
    let reached = start;
    for (const run of text.slice(start, end).matchAll(/\S+/g)) {
      const [word] = run;
      const from = start + run.index;
      const more = count(word);
      if (tokens + more <= maxTokens) {
        tokens += more;
        reached = from + word.length;
        continue;
      }
      const isCutInside = tokens === 0 || more > LONG_RUN_TOKENS;
      return isCutInside ? from + longestPrefix(word, maxTokens - tokens, count) : reached;
    }
    return end;
  };
}

/** The largest length whose tokens fit, by halving; one character where none does. */
function longestPrefix(word: string, room: number, count: CountTokens): number {
  let fits = 0;
  let tooLong = word.length;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (count(word.slice(0, middle)) <= room) fits = middle;
    else tooLong = middle;
  }
  if (isInsidePair(word, fits)) fits--;
  return fits > 0 ? fits : isInsidePair(word, 1) ? 2 : 1;
}

export function isInsidePair(text: string, at: number): boolean {
  return (
    at > 0 &&
    at < text.length &&
    (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 &&
    (text.charCodeAt(at) & 0xfc00) === 0xdc00
  );
}

const LETTERS_OR_OTHER = /[a-z]+|[^\s]/giu;

/**
 * Tokens of a text for a model whose tokenizer is not known, estimated from above: a token for every third letter of an English word
 * (every letter where it is long or stands beside digits), one for each digit and mark, and the bytes of all other characters, below which no
 * byte-level tokenizer splits. On prose that is about half more than cl100k and o200k count.
 */
export function estimatedTokens(text: string): number {
  let tokens = 0;
  for (const [part] of text.matchAll(LETTERS_OR_OTHER)) {
    const code = part.charCodeAt(0);
    if (code > 127) tokens += Buffer.byteLength(part);
    else tokens += part.length > 24 ? part.length : Math.ceil(part.length / 3);
  }
  return tokens;
}
