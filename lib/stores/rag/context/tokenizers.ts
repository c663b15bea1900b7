import type { Tokenizer } from "../../../ports/context-builder.ts";

type Encoding = "o200k_base" | "cl100k_base";

/** Models whose encoding is published; the first pattern that fits. */
const PUBLISHED: readonly (readonly [RegExp, Encoding])[] = [
  [/^(gpt-4o|gpt-4\.|gpt-[5-9]|chatgpt-4o|o[1-9]|gpt-oss)/, "o200k_base"],
  [/^(gpt-4|gpt-3\.5|text-embedding-)/, "cl100k_base"],
];

/**
 * How many more tokens other families make of the same text than o200k does, at most, on prose and code in several
 * languages: estimates of ours, chosen on the safe side and not measured. Their own tokenizers are not published, or not as small.
 */
const OTHERS: readonly (readonly [RegExp, number])[] = [
  [/^claude/, 0.35],
  [/^gemini|^gemma/, 0.2],
  [/^(llama|meta-llama|mistral|mixtral|qwen|deepseek|command|phi)/, 0.25],
];
const UNKNOWN_MARGIN = 0.35;

/** The tokenizer for a model's name (`provider/model` too); without a name, o200k itself is what is asked for. */
export function tokenizerOf(model: string | null): Tokenizer & { encoding: Encoding } {
  if (model === null) return { encoding: "o200k_base", exact: true, marginRatio: 0 };
  const name = (model.split("/").at(-1) ?? model).toLowerCase();
  const published = PUBLISHED.find(([pattern]) => pattern.test(name));
  if (published !== undefined) return { encoding: published[1], exact: true, marginRatio: 0 };
  const other = OTHERS.find(([pattern]) => pattern.test(name));
  return { encoding: "o200k_base", exact: false, marginRatio: other?.[1] ?? UNKNOWN_MARGIN };
}

/** Loads one encoding's ranks: 20 MB of heap for o200k, which is why this runs in a thread that ends when idle. */
export async function loadCounter(encoding: Encoding): Promise<(text: string) => number> {
  const { countTokens } =
    encoding === "o200k_base"
      ? await import("gpt-tokenizer/encoding/o200k_base")
      : await import("gpt-tokenizer/encoding/cl100k_base");
  // A text that spells a special token is a text: it is counted as what it says.
  const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, asText);
}
