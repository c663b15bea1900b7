import type { LanguageModel } from "ai";

export type Call = Record<string, unknown> & {
  prompt: { role: string; content: unknown }[];
  abortSignal?: AbortSignal;
};
type Part = Record<string, unknown> & { type: string };

export const USAGE = {
  inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};
const finish = (reason: string) => ({ type: "finish", finishReason: { unified: reason, raw: reason }, usage: USAGE });

export const textParts = (text: string, reason = "stop"): Part[] => [
  { type: "stream-start", warnings: [] },
  { type: "response-metadata", id: "r1", timestamp: new Date(1_700_000_000_123), modelId: "stand-in" },
  { type: "text-start", id: "t" },
  ...[...text].map((delta) => ({ type: "text-delta", id: "t", delta })),
  { type: "text-end", id: "t" },
  finish(reason),
];
export const callParts = (toolName: string, input: unknown): Part[] => [
  { type: "stream-start", warnings: [] },
  { type: "tool-call", toolCallId: "call-1", toolName, input: JSON.stringify(input) },
  finish("tool-calls"),
];

/** A stand-in for a language model, of the specification that both versions take; counts how often it is asked. */
export function standIn(answer: (call: Call, asked: number) => Part[]) {
  const calls: Call[] = [];
  const asked = (call: Call) => {
    calls.push(call);
    return answer(call, calls.length);
  };
  const model = {
    specificationVersion: "v3",
    provider: "stand-in",
    modelId: "stand-in",
    supportedUrls: {},
    async doGenerate(call: Call) {
      const parts = asked(call);
      const text = parts.flatMap(({ type, delta }) => (type === "text-delta" ? [delta] : [])).join("");
      const { finishReason } = parts.at(-1) as { finishReason?: unknown };
      return {
        content: [{ type: "text", text }, ...parts.filter(({ type }) => type === "file" || type === "tool-call")],
        finishReason,
        usage: USAGE,
        warnings: [],
        request: { body: "secret" },
        response: { id: "r1", timestamp: new Date(1_700_000_000_123), headers: { secret: "yes" } },
      };
    },
    async doStream(call: Call) {
      const parts = asked(call);
      const stream = new ReadableStream<Part>({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          // Without an end it waits for one.
          if (parts.at(-1)?.type === "finish") controller.close();
          else call.abortSignal?.addEventListener("abort", () => controller.error(call.abortSignal?.reason));
        },
      });
      return { stream };
    },
  };
  return { model: model as unknown as Exclude<LanguageModel, string>, calls };
}
