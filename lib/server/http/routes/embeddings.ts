import { embeddingsQuerySchema, embeddingsSchema } from "../../../contracts/embeddings.ts";
import { AppError } from "../../../shared/errors.ts";
import { defineRoute, type Route } from "../define-route.ts";

/** The model takes texts a few at a time, and others have their turns between. */
const TEXTS_PER_CALL = 64;
const CHARACTERS_PER_TOKEN = 4;

export const embeddingRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/api/v1/embeddings",
      role: "consumer",
      tag: "documents and prompts",
      summary: "Embed texts with the server's own model, in OpenAI's form",
      body: embeddingsQuerySchema,
      bodyExample: { input: ["How long may I return a book?"] },
      errors: [422, 502, 504],
      responses: { 200: { description: "A vector of unit length for each text, in order", schema: embeddingsSchema } },
    },
    async ({ runtime, namespace, body, request }) => {
      const texts = typeof body.input === "string" ? [body.input] : body.input;
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += TEXTS_PER_CALL)
        vectors.push(...(await runtime.rag.embed(namespace, texts.slice(from, from + TEXTS_PER_CALL), request.signal)));
      requireDimensions(body.dimensions, vectors[0]);
      const characters = texts.reduce((sum, { length }) => sum + length, 0);
      const tokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
      return {
        object: "list",
        data: vectors.map((vector, index) => ({
          object: "embedding",
          index,
          embedding: body.encoding_format === "base64" ? base64(vector) : [...vector],
        })),
        model: runtime.rag.parts.embedder.state().model.id,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
    },
  ),
];

function requireDimensions(asked: number | undefined, vector: Float32Array | undefined): void {
  if (asked === undefined || vector === undefined || asked === vector.length) return;
  const message = `must be ${vector.length}, which the model has`;
  throw new AppError("unprocessable", `/dimensions ${message}.`, { errors: [{ path: "/dimensions", message }] });
}

function base64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString("base64");
}
