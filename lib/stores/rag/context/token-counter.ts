import type { HistoryMessage, PromptMessage } from "../../../ports/context-builder.ts";
import type { MessagePart } from "../../../shared/message-parts.ts";
import { toolCalls } from "./history-units.ts";

/** Tokens of a text by a model's own encoding. */
export type TokenCounter = (text: string) => number;

/** What chat formats put around each message, and before the answer. */
const TOKENS_PER_MESSAGE = 3;
export const TOKENS_OF_ANSWER_START = 3;

export function messageTokens(count: TokenCounter, { role, content }: PromptMessage): number {
  return TOKENS_PER_MESSAGE + count(role) + count(content);
}

/** Calls and results, in the words of any client: `tool-call`, `tool_use`, `tool-weather`, `dynamic-tool`. */
const isOfTool = ({ type }: MessagePart): boolean => /(?:^|[-_])tool(?:$|[-_])/.test(type);

/** A message of a conversation, with the tool calls that go out with it. */
export function historyTokens(count: TokenCounter, message: HistoryMessage): number {
  const calls = [...toolCalls(message), ...(message.parts?.filter(isOfTool) ?? [])];
  return messageTokens(count, message) + (calls.length > 0 ? count(JSON.stringify(calls)) : 0);
}
