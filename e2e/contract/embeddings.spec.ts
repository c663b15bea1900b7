import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { expect } from "@playwright/test";
import { cosineSimilarity, embedMany } from "ai";
import { test } from "../support/fixtures.ts";
import { codeOf, fresh, inNamespace, json } from "../support/rag.ts";
import { OPERATOR_KEY } from "../support/server.ts";

interface Embeddings {
  data: { index: number; embedding: number[] | string }[];
  model: string;
}

test("texts are embedded in OpenAI's form, which the AI SDK's client takes as it is", async ({ server }) => {
  const provider = createOpenAICompatible({ name: "headroom", baseURL: `${server.url}/api/v1`, apiKey: OPERATOR_KEY });
  const { embeddings, usage } = await embedMany({
    model: provider.textEmbeddingModel("any"),
    values: ["The dog barks.", "A hound is barking.", "The invoice is due on Monday."],
  });
  const [one = [], near = [], far = []] = embeddings;
  expect(cosineSimilarity(one, near)).toBeGreaterThan(cosineSimilarity(one, far) + 0.2);
  expect(cosineSimilarity(one, one)).toBeCloseTo(1, 4);
  expect(usage.tokens).toBeGreaterThan(0);
});

test("base64 says the same numbers as floats, and wrong input is refused by name", async ({ server }) => {
  const namespace = fresh();
  const embed = (body: object) => server.send("POST", "/api/v1/embeddings", body, inNamespace(namespace));
  const input = "The dog barks.";
  const floats = await json<Embeddings>(await embed({ input, encoding_format: "float" }));
  const packed = await json<Embeddings>(
    await embed({ input: [input], encoding_format: "base64", user: "u", model: "m" }),
  );
  const bytes = Buffer.from(String(packed.data[0]?.embedding), "base64");
  const numbers = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
  expect(numbers).toEqual(floats.data[0]?.embedding);
  expect(packed.model).toBe(floats.model);
  for (const [body, status, path] of [
    [{}, 400, "/input"],
    [{ input: "" }, 400, "/input"],
    [{ input: [] }, 400, "/input"],
    [{ input: ["a", 5] }, 400, "/input/1"],
    [{ input: Array.from({ length: 2_049 }, () => "a") }, 400, "/input"],
    [{ input: Array.from({ length: 40 }, () => "a".repeat(60_000)) }, 413, "/input"],
    [{ input: "a", encoding_format: "hex" }, 400, "/encoding_format"],
    [{ input: "a", dimensions: 7 }, 422, "/dimensions"],
    [{ input: "a", other: 1 }, 400, "/other"],
  ] as const) {
    const refused = await embed(body);
    const problem = await json<{ errors: { path: string }[] }>(refused);
    expect([refused.status, problem.errors[0]?.path]).toEqual([status, path]);
  }
  expect((await server.get("/api/v1/embeddings", inNamespace(namespace))).status).toBe(405);
  expect(await codeOf(await embed({ input: [input], dimensions: numbers.length + 1 }))).toEqual([422, "unprocessable"]);
});
