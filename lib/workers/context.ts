import { parentPort } from "node:worker_threads";
import type { ContextCommand, ContextReply } from "../ports/context-thread.ts";
import { AppError } from "../shared/errors.ts";
import { buildContext } from "../stores/rag/context/build-context.ts";
import { loadCounter, tokenizerOf } from "../stores/rag/context/tokenizers.ts";

/** The thread that builds prompts: counting the tokens of a long conversation takes tens of milliseconds. */
const port = parentPort;
if (!port) throw new Error("lib/workers/context.ts runs as a worker thread");

const counters = new Map<string, (text: string) => number>();

async function build({ id, request, model }: ContextCommand): Promise<ContextReply> {
  try {
    const tokenizer = tokenizerOf(model);
    const count = counters.get(tokenizer.encoding) ?? (await loadCounter(tokenizer.encoding));
    counters.set(tokenizer.encoding, count);
    const maxTokens = Math.floor(request.maxTokens / (1 + tokenizer.marginRatio));
    const built = buildContext({ ...request, maxTokens }, count);
    return { id, ok: true, value: { ...built, tokenizer } };
  } catch (error) {
    if (error instanceof AppError)
      return { id, ok: false, code: error.code, message: error.message, errors: error.errors };
    return { id, ok: false, code: null, message: error instanceof Error ? error.message : String(error), errors: [] };
  }
}

port.on("message", (command: ContextCommand) => {
  void build(command).then((reply) => port.postMessage(reply));
});
