import { existsSync, readFileSync } from "node:fs";
import type { Client } from "./client.ts";
import { ndcgAt10 } from "./corpora.ts";
import { withSpread } from "./spread.ts";

const LOCOMO = new URL("../../../shared/data/corpora/locomo/", import.meta.url);
const MODES = ["keyword", "vector", "hybrid"] as const;
const NAMES = { keyword: "by words", vector: "by meaning", hybrid: "both" };
const BACKLOG = 6_000;
const FIRST_SEARCHES = 40;

interface Turn {
  id: string;
  conversation: number;
  text: string;
}
interface Question {
  conversation: number;
  text: string;
  relevant: string[];
}
interface Found {
  matches: { metadata: { turn: string } }[];
  pending: number;
  tookMs: number;
}

const lines = <T>(name: string): T[] =>
  readFileSync(new URL(name, LOCOMO), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);

/** Search of messages on LoCoMo's conversations, each asked in itself; and searches right after 6,000 messages came. */
export async function runMessages(client: Client): Promise<void> {
  if (!existsSync(LOCOMO)) {
    console.log("locomo: not in ../shared/data: skipped");
    return;
  }
  const turns = lines<Turn>("turns.jsonl");
  const questions = lines<Question>("questions.jsonl");
  for (const { id, conversation, text } of turns) await append(client, `locomo-${conversation}`, text, { turn: id });
  await firstSearches(client, turns, questions);
  while ((await search(client, "x", null, "keyword")).pending > 0) await new Promise((next) => setTimeout(next, 1_000));
  for (const mode of MODES) {
    const all: number[] = [];
    for (const conversation of new Set(turns.map((turn) => turn.conversation))) {
      const scores: number[] = [];
      for (const { text, relevant } of questions.filter((question) => question.conversation === conversation)) {
        const { matches } = await search(client, text, `locomo-${conversation}`, mode);
        scores.push(
          ndcgAt10(
            matches.map(({ metadata }) => metadata.turn),
            new Map(relevant.map((id) => [id, 1])),
          ),
        );
      }
      console.log(`  ${NAMES[mode].padEnd(10)} conversation ${conversation}: nDCG@10 ${withSpread(scores)}`);
      all.push(...scores);
    }
    console.log(`  ${NAMES[mode].padEnd(10)} all: nDCG@10 ${withSpread(all)}`);
  }
}

/** The backlog is in a namespace's worth of messages that nobody searched before. */
async function firstSearches(client: Client, turns: readonly Turn[], questions: readonly Question[]): Promise<void> {
  for (let at = turns.length; at < BACKLOG; at++) {
    const text = `${turns[at % turns.length]?.text} (${at})`;
    await append(client, `backlog-${at % 20}`, text, { turn: `backlog-${at}` });
  }
  const times: number[] = [];
  let pending = 0;
  for (const { text } of questions.slice(0, FIRST_SEARCHES)) {
    const found = await search(client, text, null, "hybrid");
    times.push(found.tookMs);
    pending = found.pending;
  }
  const [first = 0] = times;
  const at = (share: number) => times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;
  console.log(
    `messages: ${BACKLOG} never searched before: the first search ${first.toFixed(0)} ms, the first ${FIRST_SEARCHES} p50 ${at(0.5).toFixed(0)} ms, p95 ${at(0.95).toFixed(0)} ms; ${pending} still to embed at the end`,
  );
}

function append(client: Client, conversation: string, content: string, metadata: object): Promise<unknown> {
  return client.call("POST", `/api/v1/conversations/${conversation}/messages`, { role: "user", content, metadata });
}

function search(
  client: Client,
  query: string,
  conversationId: string | null,
  mode: (typeof MODES)[number],
): Promise<Found> {
  const body = { query, k: 10, mode, ...(conversationId === null ? {} : { conversationId }) };
  return client.call("POST", "/api/v1/conversations/search", body);
}
