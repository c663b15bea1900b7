import fc from "fast-check";
import { encodeChat } from "gpt-tokenizer/model/gpt-4o";
import { beforeAll, describe, expect, it } from "vitest";
import type {
  BuiltContext,
  ContextMessage,
  ContextRequest,
  HistoryMessage,
  RetrievedPassage,
} from "../../../ports/context-builder.ts";
import { AppError } from "../../../shared/errors.ts";
import { type MessagePart, textOfParts } from "../../../shared/message-parts.ts";
import { buildContext } from "./build-context.ts";
import { historyUnits } from "./history-units.ts";
import { historyTokens, messageTokens, type TokenCounter } from "./token-counter.ts";
import { loadCounter } from "./tokenizers.ts";

type TextMessage = ContextMessage & { content: string };

/** For histories without parts, whose contents are texts. */
const buildTexts = (...given: Parameters<typeof buildContext>) =>
  buildContext(...given) as Omit<BuiltContext, "messages"> & { messages: TextMessage[] };

let count: TokenCounter;
beforeAll(async () => {
  count = await loadCounter("o200k_base");
});

const sentences = [
  "The wing stalls early.",
  "Heat flows.",
  "Nothing — 你好 😀.",
  "x = y + 12345;",
  "A much longer sentence follows here, with many plain words in it, to fill the budget up.",
  "<|endoftext|>",
  " \n\n ",
];
const content = fc.array(fc.constantFrom(...sentences), { minLength: 0, maxLength: 6 }).map((parts) => parts.join(" "));
const shapes = fc.array(
  fc.record({
    role: fc.constantFrom("user", "assistant", "tool", "system", "user", "assistant"),
    content,
    call: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 24 },
);

/** Messages where some assistants call tools and some results name their call, at times far from it. */
function toMessages(shape: readonly { role: string; content: string; call: number }[]): HistoryMessage[] {
  const calls: string[] = [];
  return shape.map(({ role, content: text, call }, at): HistoryMessage => {
    const base = { id: `m${at}`, sequence: at + 1, content: `${at}: ${text}` };
    if (role === "assistant" && call > 0) {
      calls.push(`call-${at}`);
      return { ...base, role, metadata: { toolCalls: [{ id: `call-${at}`, name: "look", arguments: "{}" }] } };
    }
    if (role === "tool") {
      const id = call > 1 ? calls.at(-call + 1) : undefined;
      return { ...base, role, metadata: id === undefined ? null : { toolCallId: id } };
    }
    return { ...base, role: role as HistoryMessage["role"], metadata: null };
  });
}

const passages: fc.Arbitrary<RetrievedPassage[]> = fc
  .array(
    fc.record({
      documentId: fc.constantFrom("a", "b"),
      start: fc.integer({ min: 0, max: 900 }),
      length: fc.integer({ min: 1, max: 400 }),
      score: fc.constant(0.5),
    }),
    { maxLength: 6 },
  )
  .map((given) =>
    given.map(({ documentId, start, length, score }, at) => ({
      chunkId: `${documentId}#${at}`,
      documentId,
      source: `${documentId}.txt`,
      page: null,
      start,
      end: start + length,
      score,
      text: DOCUMENT.slice(start, start + length),
    })),
  );
const DOCUMENT = Array.from({ length: 200 }, (_, at) => `Fact ${at} is true.`).join(" ");

const requests: fc.Arbitrary<ContextRequest> = fc.record({
  question: fc.constantFrom("What stalls?", "你好吗?", "How does heat flow in it, and why?"),
  messages: shapes.map(toMessages),
  omittedMessages: fc.constantFrom(0, 5),
  omittedReason: fc.constantFrom("budget", "limit"),
  passages,
  maxTokens: fc.integer({ min: 1, max: 900 }),
});

/** The history part of a prompt: by the number that each message starts with. */
function placesOf(messages: readonly TextMessage[]): number[] {
  return messages.flatMap(({ content: text }) => {
    const place = /^(\d+): /.exec(text)?.[1];
    return place === undefined ? [] : [Number(place)];
  });
}

/** Tool calls counted as their JSON, the rest by the tokenizer's own count of a chat. */
function chatTokens(messages: readonly TextMessage[]): number {
  const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
  const plain = messages.map(({ role, content: text }) => ({
    role: role === "tool" ? ("assistant" as const) : role,
    content: text.replaceAll("<|endoftext|>", "<| endoftext |>"),
  }));
  const calls = messages.reduce(
    (sum, { metadata }) => sum + (metadata?.toolCalls === undefined ? 0 : count(JSON.stringify(metadata.toolCalls))),
    0,
  );
  return plain.length === 0 ? 0 : encodeChat(plain, "gpt-4o", asText).length + calls;
}

describe("buildContext", () => {
  it("is never over budget, begins with a user, has the newest message, splits no tool pair and keeps the order, for 10,000 conversations and budgets", () => {
    let refused = 0;
    fc.assert(
      fc.property(requests, (request) => {
        let built: ReturnType<typeof buildTexts>;
        try {
          built = buildTexts(request, count);
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).code).toBe("unprocessable");
          const needed = Number(/need (\d+) tokens/.exec((error as AppError).message)?.[1]);
          expect(needed).toBeGreaterThan(request.maxTokens);
          return;
        }
        const counted =
          3 +
          built.messages.reduce((sum, { role, content: text, metadata }) => {
            const calls = role === "assistant" ? metadata?.toolCalls : undefined;
            return sum + 3 + count(role) + count(text) + (calls === undefined ? 0 : count(JSON.stringify(calls)));
          }, 0);
        expect(built.tokens.total).toBe(counted);
        expect(counted).toBeLessThanOrEqual(request.maxTokens);
        const places = placesOf(built.messages);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        const newest = request.messages.length - 1;
        const orphan = orphanTokens(request);
        if (newest >= 0 && (orphan === null || orphan <= request.maxTokens)) expect(places).toContain(newest);
        expect(built.messages.find(({ role }) => role !== "system")).toMatchObject({ role: "user" });
        expect(built.messages.at(-1)).toMatchObject({ role: "user" });
        expectWholePairs(request.messages, new Set(places));
        const told = built.dropped.filter(({ kind }) => kind === "message").length;
        expect(told + places.length).toBe(request.messages.length);
        for (const { start, end, documentId, marker } of built.citations) {
          expect(
            built.messages.some(({ content: text }) =>
              text.includes(`[${marker}] ${documentId}.txt\n${DOCUMENT.slice(start, end)}`),
            ),
          ).toBe(true);
        }
      }),
      { numRuns: 10_000 },
    );
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(9_000);
  });

  it("drops an answer whose question did not fit, and says which messages went", () => {
    const turn = (role: "user" | "assistant", text: string, at: number): HistoryMessage => ({
      id: `m${at}`,
      sequence: at + 1,
      role,
      content: text,
      metadata: null,
    });
    const messages = [
      turn("user", "one two three four five six seven eight nine ten eleven twelve", 0),
      turn("assistant", "ok ok ok ok", 1),
      turn("user", "short", 2),
      turn("assistant", "fine", 3),
    ];
    const at = (maxTokens: number) =>
      buildTexts(
        { question: "next?", messages, omittedMessages: 0, omittedReason: "budget", passages: [], maxTokens },
        count,
      );
    expect(at(19).messages.map(({ content: text }) => text)).toEqual(["short", "fine", "next?"]);
    const least = at(18);
    expect(least.messages.map(({ content: text }) => text)).toEqual(["next?"]);
    expect(least.dropped.map((part) => ("id" in part ? [part.id, part.reason] : []))).toEqual([
      ["m0", "budget"],
      ["m1", "budget"],
      ["m2", "budget"],
      ["m3", "orphan"],
    ]);
  });

  it("counts a text that spells a special token as what it says, wherever it stands", () => {
    // tiktoken's own count of the thirteen characters as a text.
    expect(["<|endoftext|>", "Say <|endoftext|>", "Say <|endoftext|> now"].map(count)).toEqual([7, 8, 9]);
  });

  it("counts what the tokenizer's own chat format counts", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const messages = request.messages.filter(({ content: text, role }) => !text.includes("<|") && role !== "tool");
        const built = buildTexts({ ...request, messages, maxTokens: 5_000 }, count);
        expect(built.tokens.total).toBe(chatTokens(built.messages));
      }),
      { numRuns: 100 },
    );
  });

  it("begins as the turn before did, most of the time, so that a provider's prompt cache hits", () => {
    const all: HistoryMessage[] = Array.from({ length: 200 }, (_, at) => ({
      id: `m${at}`,
      sequence: at + 1,
      role: at % 2 === 0 ? "user" : "assistant",
      content: `${at}: ${sentences[at % 4]} ${sentences[4]}`,
      metadata: null,
    }));
    let steady = 0;
    let previous: string[] = [];
    for (let turn = 60; turn < 200; turn += 2) {
      const request = {
        question: `${turn}?`,
        messages: all.slice(0, turn),
        omittedMessages: 0,
        omittedReason: "budget" as const,
        passages: [],
        maxTokens: 1_500,
      };
      const prompt = buildTexts(request, count).messages.map(({ content: text }) => text);
      const shared = previous.findIndex((text, at) => text !== prompt[at]);
      // Everything but the last question is still there, at the beginning.
      if (shared === previous.length - 1) steady++;
      previous = prompt;
    }
    expect(steady / 70).toBeGreaterThanOrEqual(0.5);
  });

  it("says in a summary only what was said, in its order", () => {
    const messages: HistoryMessage[] = Array.from({ length: 120 }, (_, at) => ({
      id: `m${at}`,
      sequence: at + 1,
      role: "user",
      content: `Sentence number ${at} speaks about topic ${at % 9}.`,
      metadata: null,
    }));
    const built = buildTexts(
      { question: "so?", messages, omittedMessages: 0, omittedReason: "budget", passages: [], maxTokens: 700 },
      count,
    );
    const [summary] = built.messages;
    const said = [...(summary?.content ?? "").matchAll(/^- user: (.+)$/gm)].map(([, line]) => line ?? "");
    expect(said.length).toBeGreaterThan(1);
    const places = said.map((line) => messages.findIndex(({ content: text }) => text === line));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(built.dropped.every((part) => part.reason === "summarised")).toBe(true);
  });

  it("merges passages that touch, and quotes a text once", () => {
    const passage = (start: number, end: number, chunk: number): RetrievedPassage => ({
      chunkId: `a#${chunk}`,
      documentId: "a",
      source: "a.txt",
      page: 3,
      start,
      end,
      score: 1,
      text: DOCUMENT.slice(start, end),
    });
    const request = {
      question: "so?",
      messages: [],
      omittedMessages: 0,
      omittedReason: "budget" as const,
      passages: [
        passage(0, 100, 0),
        passage(300, 380, 3),
        passage(80, 200, 1),
        { ...passage(300, 380, 3), chunkId: "copy", documentId: "b" },
      ],
      maxTokens: 900,
    };
    const built = buildTexts(request, count);
    expect(built.citations.map(({ start, end, chunkIds }) => ({ start, end, chunkIds }))).toEqual([
      { start: 0, end: 200, chunkIds: ["a#0", "a#1"] },
      { start: 300, end: 380, chunkIds: ["a#3"] },
    ]);
    expect(built.dropped).toEqual([{ kind: "passage", chunkId: "copy", reason: "duplicate" }]);
  });
});

/**
 * Where the newest message is not a user's: the tokens of the smallest prompt that has it behind a user's message (no end to them
 * when there is no such message). Null where it needs none.
 */
function orphanTokens({ messages, question }: ContextRequest): number | null {
  if (messages.length === 0 || ["user", "system"].includes(messages.at(-1)?.role ?? "")) return null;
  const units = historyUnits(messages.filter(({ role }) => role !== "system"));
  const asker = units.findLast((unit) => unit.messages[0]?.role === "user")?.messages[0];
  if (asker === undefined) return Number.POSITIVE_INFINITY;
  const sent = messages.filter(({ role, sequence }) => role === "system" || sequence >= asker.sequence);
  const tokens = sent.reduce((sum, message) => sum + historyTokens(count, message), 0);
  return 3 + tokens + messageTokens(count, { role: "user", content: question });
}

function expectWholePairs(messages: readonly HistoryMessage[], kept: ReadonlySet<number>): void {
  messages.forEach(({ role, metadata }, at) => {
    if (role !== "tool") return;
    const id = metadata?.toolCallId;
    const caller = messages.findIndex(
      (message) => Array.isArray(message.metadata?.toolCalls) && message.metadata.toolCalls[0]?.id === id,
    );
    if (id !== undefined && caller >= 0) expect(kept.has(at)).toBe(kept.has(caller));
    const before = messages
      .slice(0, at)
      .findLastIndex((message) => message.role !== "tool" && message.role !== "system");
    if (id === undefined && messages[before]?.role === "assistant") expect(kept.has(at)).toBe(kept.has(before));
  });
}

const ask = (messages: readonly HistoryMessage[], maxTokens: number) =>
  buildContext(
    { question: "next?", messages, omittedMessages: 0, omittedReason: "budget", passages: [], maxTokens },
    (text) => Math.ceil(text.length / 4),
  );

describe("messages in parts", () => {
  const message = (sequence: number, role: HistoryMessage["role"], parts: readonly MessagePart[]): HistoryMessage => ({
    ...{ id: `m${sequence}`, sequence, role, parts, content: textOfParts(parts), metadata: null },
  });
  const text = (of: string) => ({ type: "text", text: of });
  const pairs: [string, HistoryMessage["role"], (id: string) => MessagePart, (id: string) => MessagePart][] = [
    [
      "tool-call and tool-result",
      "tool",
      (id) => ({ type: "tool-call", toolCallId: id, toolName: "look", input: { a: 1 } }),
      (id) => ({ type: "tool-result", toolCallId: id, output: { type: "text", value: "found ".repeat(40) } }),
    ],
    [
      "tool_use and tool_result",
      "user",
      (id) => ({ type: "tool_use", id, name: "look", input: {} }),
      (id) => ({ type: "tool_result", tool_use_id: id, content: "found ".repeat(40) }),
    ],
  ];

  it.each(pairs)(
    "keep %s together, count both, and go out as they came, at any budget",
    (_, resultRole, call, result) => {
      const turns = Array.from({ length: 8 }, (__, at) => [
        message(at * 4 + 1, "user", [text(`question ${at}`), { type: "image", data: "A".repeat(9_000) }]),
        message(at * 4 + 2, "assistant", [text("I look."), call(`c${at}`)]),
        message(at * 4 + 3, resultRole, [result(`c${at}`)]),
        message(at * 4 + 4, "assistant", [text(`answer ${at}`)]),
      ]).flat();
      const whole = ask(turns, 100_000);
      expect(whole.messages.slice(0, -1).map(({ content }) => content)).toEqual(turns.map(({ parts }) => parts));
      expect(whole.tokens.total).toBeGreaterThan(8 * 60);
      expect(whole.tokens.total).toBeLessThan(1_500);
      for (let maxTokens = 30; maxTokens < 900; maxTokens += 7) {
        const { messages, tokens } = ask(turns, maxTokens);
        expect(tokens.total).toBeLessThanOrEqual(maxTokens);
        const kept = turns.filter(({ parts }) => messages.some(({ content }) => content === parts));
        const named = (name: (id: string) => MessagePart) =>
          kept.flatMap(({ parts }) => parts ?? []).filter(({ type }) => type === name("").type).length;
        expect(named(call)).toBe(named(result));
        expect(kept[0]?.content.startsWith("question") ?? true).toBe(true);
      }
    },
  );

  it("never begin with a result whose call is gone", () => {
    const [, , call, result] = pairs[1] ?? pairs[0] ?? [];
    if (!call || !result) throw new Error("there are pairs");
    const turns = [
      message(3, "user", [result("gone")]),
      message(4, "assistant", [text("so")]),
      message(5, "user", [text("hi")]),
    ];
    expect(ask(turns, 1_000).messages.map(({ content }) => content)).toEqual([turns[2]?.parts, "next?"]);
  });
});
