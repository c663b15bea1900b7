import { readFileSync } from "node:fs";
import { WordsIndex } from "../../lib/stores/rag/testing/words-index.ts";
import { ndcgAt10 } from "./corpora.ts";
import { withSpread } from "./spread.ts";

type Pairs = readonly (readonly [text: string, question: string])[];
type Add = (index: WordsIndex, text: string, language: string) => unknown;

const PASSAGES = new URL("../../lib/stores/rag/testing/passages.json", import.meta.url);
const WAYS: Readonly<Record<string, Add>> = {
  "as English, as earlier versions had all": (index, text) => index.addEarlier(text),
  "by the language told": (index, text, language) => index.add(text, language),
  "by the language detected": (index, text) => index.add(text),
};

/** Search by words alone in languages other than English: short passages, and questions with other forms of their words. */
export async function runLanguages(): Promise<void> {
  const passages = JSON.parse(readFileSync(PASSAGES, "utf8")) as Record<string, Pairs>;
  for (const [way, add] of Object.entries(WAYS)) {
    console.log(way);
    for (const [language, pairs] of Object.entries(passages))
      console.log(`  ${language}: nDCG@10 ${await quality({ [language]: pairs }, add)}`);
    console.log(`  all in one namespace: nDCG@10 ${await quality(passages, add)}`);
  }
}

async function quality(passages: Readonly<Record<string, Pairs>>, add: Add): Promise<string> {
  const index = new WordsIndex();
  for (const [language, pairs] of Object.entries(passages))
    for (const [text] of pairs) await add(index, text, language);
  const scores: number[] = [];
  for (const [at, [, question]] of Object.values(passages).flat().entries()) {
    const found = await index.find(question);
    scores.push(ndcgAt10(found.map(String), new Map([[String(at), 1]])));
  }
  return withSpread(scores);
}
