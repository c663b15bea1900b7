import type { HistoryMessage } from "../../../ports/context-builder.ts";

/** Messages that stay or go together: an assistant's tool calls and their results, or one message. */
export interface HistoryUnit {
  messages: readonly HistoryMessage[];
}

/**
 * Groups messages, oldest first, so that no tool result is parted from its call: results right after an assistant message belong to
 * it, and one that names a call (`toolCallId`) made further back holds all in between.
 */
export function historyUnits(messages: readonly HistoryMessage[]): HistoryUnit[] {
  const firstOf = messages.map((_, place) => place);
  const callers = new Map<string, number>();
  messages.forEach((message, place) => {
    for (const id of callIds(message)) callers.set(id, place);
    const results = resultIds(message);
    if (message.role !== "tool" && results.length === 0) return;
    const caller = results.flatMap((id) => callers.get(id) ?? []).toSorted((a, b) => a - b)[0];
    const previous = messages[place - 1];
    const isAdjacent = previous?.role === "tool" || previous?.role === "assistant";
    if (caller !== undefined) joinRange(firstOf, caller, place);
    else if (isAdjacent && message.role === "tool") joinRange(firstOf, place - 1, place);
  });
  return grouped(messages, firstOf);
}

/** Makes `from … to` one unit, with whatever the earlier places already belong to. */
function joinRange(firstOf: number[], from: number, to: number): void {
  const first = firstOf[from] ?? from;
  for (let place = first; place <= to; place++) firstOf[place] = first;
}

function grouped(messages: readonly HistoryMessage[], firstOf: readonly number[]): HistoryUnit[] {
  const units: HistoryMessage[][] = [];
  messages.forEach((message, place) => {
    if (firstOf[place] === place) units.push([message]);
    else units.at(-1)?.push(message);
  });
  return units.map((unit) => ({ messages: unit }));
}

/** The calls that an assistant message makes, in either spelling that clients use. */
export function toolCalls(message: HistoryMessage): unknown[] {
  const calls = message.metadata?.toolCalls ?? message.metadata?.tool_calls;
  return message.role === "assistant" && Array.isArray(calls) ? calls : [];
}

const texts = (values: readonly unknown[]): string[] => values.filter((value) => typeof value === "string");

function callIds(message: HistoryMessage): string[] {
  const inMetadata = toolCalls(message).map((call) =>
    typeof call === "object" && call !== null && "id" in call ? call.id : undefined,
  );
  const parts = message.parts ?? [];
  const inParts = parts.map(({ type, toolCallId, id }) =>
    type === "tool-call" ? toolCallId : type === "tool_use" ? id : undefined,
  );
  return texts([...inMetadata, ...inParts]);
}

/** The calls that a message has results of: a tool's own message, or parts of one (`tool-result`, `tool_result`). */
export function resultIds({ metadata, parts }: HistoryMessage): string[] {
  const inParts = (parts ?? []).map(({ type, toolCallId, tool_use_id: toolUseId }) =>
    type === "tool-result" ? toolCallId : type === "tool_result" ? toolUseId : undefined,
  );
  return texts([metadata?.toolCallId ?? metadata?.tool_call_id, ...inParts]);
}
