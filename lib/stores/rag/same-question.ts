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

const ASKING =
  "what|who|whom|whose|where|when|why|which|how|is|are|am|was|were|do|does|did|can|could|would|will|shall|should|may|must|has|have|had|if|whether";
const ASKING_WORD = new RegExp(`^(?:${ASKING})$`);
const TELLING = "explain|tell|show|describe|list|give|help|let|find|summari[sz]e|define|compare|name|answer";

/**
 * Said before a question, changing nothing of it; only at its beginning, repeatedly. A word that may also be what is asked about
 * (Hello Kitty, well depth) is a courtesy only before a sign or before a word that asks.
 */
const OPENINGS = new RegExp(
  `^(?:(?:hi|hello|hey|ok|okay|so|well)(?:\\s*[,!.]+\\s*|\\s+(?=(?:${ASKING}|please|tell me)\\b))` +
    `|(?:please|kindly)(?:\\s*[,:]+\\s*|\\s+(?=(?:${ASKING}|${TELLING})\\b))` +
    `|(?:can|could|would|will) you (?:please )?(?:tell me|explain(?: to me)?|show me)\\b[\\s,:]*` +
    `|tell me\\b[\\s,:]*(?=(?:${ASKING})\\b)` +
    `|i(?: woul|')d like to know\\b[\\s,:]*|i (?:want|need) to know\\b[\\s,:]*` +
    `|do you know\\b[\\s,:]*(?=(?:${ASKING})\\b))`,
);
/** Set off by a sign, or a "please" that nothing speaks of: "how do I say thank you" asks for the words themselves. */
const CLOSINGS =
  /(?:\s*[,.;!?]\s*(?:please|thanks|thank you|many thanks)|(?<!\b(?:say|says|saying|said|word|words|write|mean|means|spell|use|using|without|with|of|and|or|not|is|are|to|a|an|the)) please)[\s.!?]*$/;
/** An article stands before what it names: the A of vitamin A, and of "a few" and "a number", is none. */
const ARTICLE_BEFORE = new Set(
  "is are was were am be been of in on at to for from by with without into about as than like and or but not if when does do did has have had can could will would should may must what why how where who which that explain describe define show give use make get need".split(
    " ",
  ),
);
const AMOUNTS = new Set(["few", "little", "lot", "number", "bit", "couple", "hundred", "thousand", "million"]);

function telling(question: string): string[] {
  // Composed, and no more than that: compatibility forms would make x² of x2.
  let text = question
    .normalize("NFC")
    .toLowerCase()
    .replace(/[’ʼ]/g, "'")
    .replace(/？/g, "?")
    .replace(/！/g, "!")
    .trim();
  for (let before = ""; before !== text; ) {
    before = text;
    text = text.replace(OPENINGS, "").replace(CLOSINGS, "").trim();
  }
  for (const [pattern, plain] of CONTRACTIONS) text = text.replace(pattern, plain);
  // Signs within numbers, between letters and in formulas tell things apart (1.5 and 15, C and C++, != and =, 5! and 5):
  // only what ends a sentence, sets off a clause or quotes goes.
  const plain = text
    .replace(/["“”„«»]/g, " ")
    .replace(/(^|\s)\(|\)(?=[\s?.,;:]|$)/g, "$1 ")
    .replace(/(?<=\p{L})!+(?=[\s?]|$)/gu, " ")
    .replace(/[?;:.,]+(?=\s|$)/g, " ");
  const words = plain.split(/\s+/).filter((word) => word !== "");
  return words.filter((word, at) => !isArticle(word, words[at - 1], words[at + 1]));
}

function isArticle(word: string, before: string | undefined, after: string | undefined): boolean {
  // A band's name, not an article: the Who.
  if (word === "the") return after !== undefined && !ASKING_WORD.test(after);
  if (word !== "a" && word !== "an") return false;
  return after !== undefined && !AMOUNTS.has(after) && (before === undefined || ARTICLE_BEFORE.has(before));
}
