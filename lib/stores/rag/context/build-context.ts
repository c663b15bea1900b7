import type {
  BuiltContext,
  ContextMessage,
  ContextRequest,
  Dropped,
  HistoryMessage,
  PromptMessage,
} from "../../../ports/context-builder.ts";
import { AppError } from "../../../shared/errors.ts";
import { extractSummary } from "./extract-summary.ts";
import { type HistoryUnit, historyUnits, resultIds } from "./history-units.ts";
import { type QuotedPassages, quotePassages } from "./quoted-passages.ts";
import { historyTokens, messageTokens, TOKENS_OF_ANSWER_START, type TokenCounter } from "./token-counter.ts";

/** The share of the budget that history may take while there are passages to quote. */
const HISTORY_SHARE = 0.6;
const SUMMARY_SHARE = 0.15;
const LARGEST_SUMMARY = 400;
const TOKENS_PER_CUT_STEP = 256;
const LARGEST_CUT_STEP = 32;
/** How far back of the cut the summary looks, in messages. */
const SUMMARY_REACH = 256;

/**
 * A prompt of at most `maxTokens`. Fixed parts first: system messages, the newest message with the tool calls it belongs to, the
 * question. Then the newest turns that fit, then passages in what is left. After the system messages it begins with a user.
 *
 * A provider's prompt cache hits on an unchanged beginning, so what changes each turn (the passages) stands last, right before
 * the question, and the cut that drops old turns moves in steps of several messages, not at each turn.
 *
 * @throws {AppError} `unprocessable` when the fixed parts alone are over the budget.
 */
export function buildContext(request: ContextRequest, count: TokenCounter): BuiltContext {
  const costs = new Map(request.messages.map((message) => [message, historyTokens(count, message)]));
  const costOf = (messages: readonly HistoryMessage[]) =>
    messages.reduce((sum, message) => sum + (costs.get(message) ?? 0), 0);
  const pinned = request.messages.filter(({ role }) => role === "system");
  const units = historyUnits(request.messages.filter(({ role }) => role !== "system"));
  const question = questionMessage(request, units);
  const questionCost = question === null ? 0 : messageTokens(count, question);
  const newest = units.at(-1)?.messages ?? [];
  const room = request.maxTokens - TOKENS_OF_ANSWER_START - costOf(pinned);
  if (room - questionCost - costOf(newest) < 0)
    throw tooSmall(request.maxTokens, request.maxTokens - (room - questionCost - costOf(newest)));

  const share = request.passages.length > 0 ? HISTORY_SHARE : 1;
  const historyRoom = Math.min(room - questionCost, Math.floor(room * share));
  const fitting = cutHistory(units, historyRoom, costOf);
  const cut = beginWithUser(units, fitting, room - questionCost, costOf);
  const kept = units.slice(cut).flatMap(({ messages }) => messages);
  const left = room - questionCost - costOf(kept);
  const summary =
    cut === 0 ? null : summarise(units.slice(0, cut), Math.min(left, Math.floor(historyRoom * SUMMARY_SHARE)), count);
  const summaryCost = summary === null ? 0 : messageTokens(count, summary);
  const quoted = quotePassages(request.passages, left - summaryCost, count);

  const history = costOf(pinned) + costOf(kept) + summaryCost;
  const total = TOKENS_OF_ANSWER_START + history + questionCost + quoted.tokens;
  return {
    messages: arrange(request.messages, new Set([...pinned, ...kept]), summary, quoted, question),
    citations: quoted.citations,
    tokens: {
      total,
      history,
      retrieved: quoted.tokens,
      saved: Math.max(0, naiveTokens(request, costOf, questionCost, count) - total),
    },
    dropped: droppedParts(request, units.slice(0, cut), fitting, summary !== null, quoted),
  };
}

/** The question as the last message, unless the conversation already ends with it. */
function questionMessage({ question }: ContextRequest, units: readonly HistoryUnit[]): PromptMessage | null {
  const last = units.at(-1)?.messages.at(-1);
  return last?.role === "user" && last.content.trim() === question.trim() ? null : { role: "user", content: question };
}

/**
 * The first unit that stays. The cut falls on a multiple of a step in the conversation's own numbering: the step follows from the
 * budget alone, so that the same conversation one turn later is cut at the same place most of the time.
 */
function cutHistory(
  units: readonly HistoryUnit[],
  room: number,
  costOf: (messages: readonly HistoryMessage[]) => number,
): number {
  if (costOf(units.flatMap(({ messages }) => messages)) <= room) return 0;
  const roomForTurns = room - Math.min(LARGEST_SUMMARY, Math.floor(room * SUMMARY_SHARE));
  let cut = units.length;
  for (let spent = 0; cut > 0; cut--) {
    spent += costOf(units[cut - 1]?.messages ?? []);
    if (spent > roomForTurns) break;
  }
  // The newest unit stays in any case: that it fits was checked before.
  cut = Math.min(cut, Math.max(0, units.length - 1));
  if (cut === 0) return 0;
  const step = Math.min(LARGEST_CUT_STEP, 2 ** Math.floor(Math.log2(Math.max(1, room / TOKENS_PER_CUT_STEP))));
  const aligned = units.findIndex((unit, place) => place >= cut && startsBlock(unit, units[place - 1], step));
  return aligned < 0 ? cut : aligned;
}

/**
 * The first unit from `cut` on that a user begins: an answer whose question was dropped says little, and several providers refuse
 * a history that begins with it. Where none follows, the newest answer's own question comes back in if it fits; else the answer
 * goes too.
 */
function beginWithUser(
  units: readonly HistoryUnit[],
  cut: number,
  room: number,
  costOf: (messages: readonly HistoryMessage[]) => number,
): number {
  const isUsers = ({ messages: [first] }: HistoryUnit) => first?.role === "user" && resultIds(first).length === 0;
  const next = units.findIndex((unit, place) => place >= cut && isUsers(unit));
  if (next >= 0) return next;
  const last = units.findLastIndex(isUsers);
  const isWhole = last >= 0 && costOf(units.slice(last).flatMap(({ messages }) => messages)) <= room;
  return isWhole ? last : units.length;
}

function startsBlock(unit: HistoryUnit, before: HistoryUnit | undefined, step: number): boolean {
  const block = (of: HistoryUnit | undefined) => Math.floor((of?.messages[0]?.sequence ?? 0) / step);
  return block(unit) !== block(before);
}

function summarise(units: readonly HistoryUnit[], room: number, count: TokenCounter): PromptMessage | null {
  const messages = units.flatMap(({ messages }) => messages);
  const last = messages.at(-1)?.sequence ?? 0;
  const near = messages.filter(({ sequence }) => sequence > last - SUMMARY_REACH);
  const frame = messageTokens(count, { role: "system", content: "" });
  const limit = Math.min(LARGEST_SUMMARY, room) - frame;
  const content = extractSummary(near, limit, count);
  return content === null ? null : { role: "system", content };
}

/** History in its own order, the summary where the dropped turns were, the passages right before the question. */
function arrange(
  messages: readonly HistoryMessage[],
  kept: ReadonlySet<HistoryMessage>,
  summary: PromptMessage | null,
  quoted: QuotedPassages,
  question: PromptMessage | null,
): ContextMessage[] {
  const firstTurn = messages.findIndex((message) => message.role !== "system" && kept.has(message));
  const before = messages.slice(0, Math.max(0, firstTurn)).filter((message) => kept.has(message));
  const after = messages.slice(Math.max(0, firstTurn)).filter((message) => kept.has(message));
  const prompt: ContextMessage[] = [
    ...before.map(promptMessage),
    ...(summary === null ? [] : [summary]),
    ...after.map(promptMessage),
  ];
  const passages: ContextMessage[] = quoted.content === null ? [] : [{ role: "system", content: quoted.content }];
  if (question !== null) return [...prompt, ...passages, question];
  return [...prompt.slice(0, -1), ...passages, ...prompt.slice(-1)];
}

function promptMessage({ role, content: text, parts, metadata }: HistoryMessage): ContextMessage {
  const content = parts ?? text;
  return metadata === null ? { role, content } : { role, content, metadata };
}

/** What sending everything would cost: the whole history handed in, and every passage as it was found. */
function naiveTokens(
  { messages, passages }: ContextRequest,
  costOf: (messages: readonly HistoryMessage[]) => number,
  questionCost: number,
  count: TokenCounter,
): number {
  const quoted = passages.reduce((sum, { text }) => sum + count(text), 0);
  return TOKENS_OF_ANSWER_START + costOf(messages) + questionCost + quoted;
}

function droppedParts(
  request: ContextRequest,
  units: readonly HistoryUnit[],
  overBudget: number,
  isSummarised: boolean,
  quoted: QuotedPassages,
): Dropped[] {
  const messages = units.flatMap((unit, place) => {
    const reason = isSummarised ? "summarised" : place < overBudget ? "budget" : "orphan";
    return unit.messages.map(({ id, role }): Dropped => ({ kind: "message", id, role, reason }));
  });
  const { omittedMessages: count, omittedReason: reason } = request;
  const older: Dropped[] = count > 0 ? [{ kind: "older-messages", count, reason }] : [];
  return [...older, ...messages, ...quoted.dropped.map((passage): Dropped => ({ kind: "passage", ...passage }))];
}

function tooSmall(maxTokens: number, needed: number): AppError {
  const detail = `The system messages, the newest message and the question need ${needed} tokens; maxTokens is ${maxTokens}.`;
  return new AppError("unprocessable", detail, {
    errors: [{ path: "/maxTokens", message: `must be at least ${needed}` }],
  });
}
