import type { HistoryMessage } from "../../../ports/context-builder.ts";
import type { TokenCounter } from "./token-counter.ts";

const HEADING = "Earlier in this conversation (extracts):";
const MAX_SENTENCES = 400;
const MAX_SENTENCE_LENGTH = 300;

interface Sentence {
  line: string;
  words: readonly string[];
  place: number;
}

/**
 * The sentences that say most of what was said: those whose words are the most frequent, each word counting less once it is
 * covered. Only sentences that were really said, in their order; nothing depends on the question, so the text stays
 * the same as long as the same messages are summed up.
 *
 * @returns null when not even one sentence fits.
 * @see Nenkova & Vanderwende 2005 (SumBasic), MSR-TR-2005-101
 */
export function extractSummary(
  messages: readonly HistoryMessage[],
  maxTokens: number,
  count: TokenCounter,
): string | null {
  const sentences = messages
    .flatMap(sentencesOf)
    .slice(-MAX_SENTENCES)
    .map((sentence, place) => ({ ...sentence, place }));
  const chosen: Sentence[] = [];
  let text: string | null = null;
  for (const sentence of byCoverage(sentences)) {
    const next = summaryOf([...chosen, sentence]);
    if (count(next) > maxTokens) break;
    chosen.push(sentence);
    text = next;
  }
  return text;
}

function summaryOf(sentences: readonly Sentence[]): string {
  const ordered = [...sentences].sort((a, b) => a.place - b.place);
  return [HEADING, ...ordered.map(({ line }) => `- ${line}`)].join("\n");
}

function sentencesOf(message: HistoryMessage): Omit<Sentence, "place">[] {
  if (message.role !== "user" && message.role !== "assistant") return [];
  const parts = message.content.slice(0, 4_000).split(/(?<=[.!?。！？])\s+|\n+/u);
  return parts.flatMap((part) => {
    const sentence = part.replace(/\s+/gu, " ").trim();
    const words = [...new Set(sentence.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [])];
    if (words.length < 3 || sentence.length > MAX_SENTENCE_LENGTH) return [];
    return [{ line: `${message.role}: ${sentence}`, words }];
  });
}

function* byCoverage(sentences: readonly Sentence[]): Generator<Sentence> {
  const worth = new Map<string, number>();
  for (const { words } of sentences)
    for (const word of words) worth.set(word, (worth.get(word) ?? 0) + 1 / sentences.length);
  const rest = [...sentences];
  while (rest.length > 0) {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (const [place, { words }] of rest.entries()) {
      const mean = words.reduce((sum, word) => sum + (worth.get(word) ?? 0), 0) / words.length;
      if (mean > most) [best, most] = [place, mean];
    }
    const [next] = rest.splice(best, 1);
    if (next === undefined) return;
    for (const word of next.words) worth.set(word, (worth.get(word) ?? 0) ** 2);
    yield next;
  }
}
