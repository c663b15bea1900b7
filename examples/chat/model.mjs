// A stand-in for a model: it tells what it was given, word by word. Yours is a provider's: set MODEL to a module like this.
import { MockLanguageModelV3, simulateReadableStream } from "ai/test";

const textOf = (content) => (typeof content === "string" ? content : content.map((part) => part.text ?? "").join(""));
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };

export const model = new MockLanguageModelV3({
  doStream: async ({ prompt }) => {
    const asked = prompt.filter(({ role }) => role === "user").map(({ content }) => textOf(content));
    const instructions = prompt.filter(({ role }) => role === "system").map(({ content }) => textOf(content));
    const found = /\bopens at \w+/.exec(instructions.join("\n"))?.[0] ?? "tell nothing";
    const answer = `You asked "${asked.at(-1)}", before that "${asked.at(-2) ?? ""}". The documents: ${found}.`;
    const words = answer.match(/\S+\s*/g).map((delta) => ({ type: "text-delta", id: "answer", delta }));
    const chunks = [
      { type: "text-start", id: "answer" },
      ...words,
      { type: "text-end", id: "answer" },
      { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage },
    ];
    return { stream: simulateReadableStream({ chunks, chunkDelayInMs: 20 }) };
  },
});
