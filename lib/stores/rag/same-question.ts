/**
 * Whether two questions that a model finds alike ask the same thing. Cosine cannot tell "is" from "is not", 2019 from 2020 or
 * "A beats B" from "B beats A": all lie above 0.95. So nothing may differ but what carries no meaning: courtesies around
 * the question, articles, contractions, punctuation, case. Whatever else differs, order too, is another question.
 */
export function isSameQuestion(a: string, b: string): boolean {
  const left = telling(a);
  const right = telling(b);
  return left.length > 0 && left.length === right.length && left.every((word, at) => word === right[at]);
}

const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\bcan't\b/g, "can not"],
  [/\bcannot\b/g, "can not"],
  [/\bwon't\b/g, "will not"],
  [/\bshan't\b/g, "shall not"],
  [/n't\b/g, " not"],
  [/\b(what|where|who|when|how|it|that|there|he|she)'s\b/g, "$1 is"],
  [/'re\b/g, " are"],
  [/\bi'm\b/g, "i am"],
  [/'ve\b/g, " have"],
  [/'ll\b/g, " will"],
];

/** Said before a question, changing nothing of it; only at its beginning, repeatedly. */
const OPENINGS =
  /^(?:(?:hi|hello|hey|ok|okay|so|well|please|kindly)\b[\s,!.]*|(?:can|could|would|will) you (?:please )?(?:tell me|explain(?: to me)?|say|show me)\b[\s,:]*|(?:please )?tell me\b[\s,:]*|i(?: woul|')d like to know\b[\s,:]*|i (?:want|need) to know\b[\s,:]*|do you know\b[\s,:]*)/;
const CLOSINGS = /(?:[\s,]*\b(?:please|thanks|thank you)\b[\s.!?]*)$/;
const ARTICLES = new Set(["a", "an", "the"]);

function telling(question: string): string[] {
  let text = question.normalize("NFKC").toLowerCase().replace(/[’ʼ]/g, "'").trim();
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(OPENINGS, "").replace(CLOSINGS, "").trim();
  }
  for (const [pattern, plain] of CONTRACTIONS) text = text.replace(pattern, plain);
  // Signs within numbers and between letters tell things apart (1.5 and 15, C and C++, 5 % and 5): only what ends a
  // sentence or sets off a clause goes.
  const words = text.replace(/[?!;:"“”()[\]]|[.,](?=\s|$)/g, " ").split(/\s+/);
  return words.filter((word) => word !== "" && !ARTICLES.has(word));
}
