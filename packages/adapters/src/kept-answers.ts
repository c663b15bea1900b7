import { createHash } from "node:crypto";
import { stringify } from "./typed-json.ts";

/** Answers over so many characters are passed on and not kept. */
export const MOST_KEPT = 4_000_000;

interface Named {
  provider: string;
  modelId: string;
}
/** A key of all that decides the answer: of what only accompanies a call, the wish to stop is left out. */
export function keyOf(type: "generate" | "stream", { provider, modelId }: Named, params: object): string {
  const asked = stringify({ type, provider, modelId, params: { ...params, abortSignal: undefined } });
  return createHash("sha256").update(asked).digest("base64url");
}

/** A text in version 2 of models, an object since. */
type Finish = string | { unified: string } | undefined;
export function isWhole(reason: Finish): boolean {
  const unified = typeof reason === "object" ? reason.unified : reason;
  return unified === "stop" || unified === "tool-calls" || unified === "length";
}

/** Requests and headers of the provider are of no use later, and may hold secrets. */
export function withoutTransport(answer: object): object {
  const { request: _request, response, ...rest } = answer as { request?: unknown; response?: object };
  if (!response) return rest;
  const { headers: _headers, body: _body, ...about } = response as { headers?: unknown; body?: unknown };
  return { ...rest, response: about };
}

interface AnyPart {
  type: string;
}
/** Passes parts on, and hands all of them to `keep` after a whole answer. */
export function recorder<Part extends AnyPart>(keep: (parts: Part[]) => Promise<void>): TransformStream<Part, Part> {
  const parts: Part[] = [];
  let characters = 0;
  let whole = false;
  let failed = false;
  return new TransformStream<Part, Part>({
    transform(part, controller) {
      controller.enqueue(part);
      if (part.type === "error") failed = true;
      if (part.type === "finish") whole = isWhole((part as { finishReason?: Finish }).finishReason);
      if (characters > MOST_KEPT) return;
      characters += stringify(part).length;
      parts.push(part);
      if (characters > MOST_KEPT) parts.length = 0;
    },
    async flush() {
      if (whole && !failed && characters <= MOST_KEPT) await keep(parts);
    },
  });
}

export function streamOf<Part>(parts: readonly Part[]): ReadableStream<Part> {
  let next = 0;
  return new ReadableStream<Part>({
    pull(controller) {
      const part = parts[next++];
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
}
